import type { EventMetadata, RecordedEvent } from '#kernel';

/** Expected revision of a stream that must not exist yet. */
export const NO_STREAM = -1;

export interface NewEvent {
  /** Lower-case UUID; the same id at the same revision is the same event. */
  readonly id: string;
  readonly type: string;
  readonly data: object;
  readonly metadata: EventMetadata;
}

export interface Appended {
  /** Revision of the last event of this append. */
  readonly revision: number;
  /** Position of the last event of this append. */
  readonly position: number;
  /** Only of one that is not on the disk yet. */
  readonly onDisk?: Promise<void>;
}

/** The appends of one command, made one after the other: none is kept without those before it. */
export class Together {
  /** Before anything that the command's decisions rest on was read. */
  readonly began = performance.now();
  /** What was sealed already, by what it says. */
  readonly sealed = new Map<string, string>();
  #onDisk: Promise<void> = Promise.resolve();

  /** Settles when every append made ahead has: on the disk, or not kept. */
  get onDisk(): Promise<void> {
    return this.#onDisk;
  }

  add(written: Promise<void>): void {
    this.#onDisk = written;
    written.catch(() => undefined);
  }
}

export interface Retention {
  /** Events older than this are no longer answered, in seconds. */
  readonly maxAgeSeconds?: number;
  /** Only so many newest events are answered. */
  readonly maxCount?: number;
}

export interface StoreHealth {
  readonly ok: boolean;
  /** One sentence when it is not. */
  readonly detail?: string;
}

/**
 * The log. Both adapters pass `test/contracts/event-store.contract.ts`.
 *
 * - Appends are atomic and durable when they resolve. The expected revision is always explicit. Appending the same
 *   ids again at the same revision answers the first result and writes nothing (`behaviour.md`, section 2).
 * - Every call throws `StoreUnavailable` when the store is away; an append whose outcome stays unknown after the
 *   adapter's own retries throws it too (the caller may append the same ids again).
 */
export interface EventStore {
  /**
   * With `together` it resolves when the place in the log is taken, before it is on the disk, and whoever acknowledges
   * the command waits for `together.onDisk`. A store that cannot do that waits for the disk.
   * @throws RevisionConflict when the stream is elsewhere; nothing is written then.
   */
  append(
    stream: string,
    expectedRevision: number,
    events: readonly NewEvent[],
    together?: Together,
  ): Promise<Appended>;
  /** Events of one stream in order, from a revision (inclusive, default 0). An absent stream is empty. */
  read(
    stream: string,
    options?: { readonly from?: number; readonly limit?: number },
  ): Promise<RecordedEvent[]>;
  /** True: that is the newest revision (-1: no stream), known without a look. Absent where others write as well. */
  isNewest?(stream: string, revision: number): boolean;
  /** Told by whoever has just made the stream's name up at random: nobody can have written it. */
  begins?(stream: string): void;
  /** The whole log in order, in batches, after a position (exclusive, default: from the start), to its end. */
  readAll(options?: {
    readonly after?: number;
    readonly batchSize?: number;
  }): AsyncIterable<readonly RecordedEvent[]>;
  /**
   * The whole log after a position, then what is appended from now on; resumes by itself, in order, nothing lost and
   * nothing twice. An empty batch says that everything appended so far has been handed over. Ends only on abort.
   */
  follow(options: {
    readonly after: number;
    readonly signal: AbortSignal;
    /** Events read at once from what is there already, where the store lets one choose. */
    readonly batchSize?: number;
  }): AsyncIterable<readonly RecordedEvent[]>;
  /** The event that this store has answered with exactly this position. */
  at(position: number): Promise<RecordedEvent | undefined>;
  /** Position of the newest event; 0 when there is none. */
  head(): Promise<number>;
  /** For technical streams only: business history is kept for ever. */
  retain(stream: string, retention: Retention): Promise<void>;
  health(): Promise<StoreHealth>;
  close(): Promise<void>;
}

/** The stream is not at the expected revision. */
export class RevisionConflict extends Error {
  override readonly name = 'RevisionConflict';
  readonly stream: string;
  readonly expected: number;
  /** -1 when the stream does not exist. */
  readonly actual: number;
  constructor(stream: string, expected: number, actual: number) {
    super(`stream ${stream} is at revision ${actual}, not ${expected}`);
    this.stream = stream;
    this.expected = expected;
    this.actual = actual;
  }
}

/** A store does not answer, its disk is full, or its answer got lost. Nothing was acknowledged. */
export class StoreUnavailable extends Error {
  override readonly name: string = 'StoreUnavailable';
}

/** The input can never be appended (bad id or type, too large, not serialisable). A bug of the caller. */
export class InvalidAppend extends Error {
  override readonly name = 'InvalidAppend';
}

/** The folder or file cannot be used: foreign, torn, or held by another process. The start must stop. */
export class UnusableStore extends Error {
  override readonly name = 'UnusableStore';
}
