import { randomUUID } from 'node:crypto';

/** Revision of the event that ends a stream for ever. */
export const TOMBSTONE_REVISION = 9_223_372_036_854_775_807n;
const DELETED_FROM_HERE = '{"$tb":9223372036854775807}';
const MAX_APPEND_BYTES = 1_048_576;

export type ExpectedRevision = bigint | 'no_stream' | 'any' | 'stream_exists';

export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface StoredEvent extends ProposedEvent {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  /** Milliseconds since 1970. */
  readonly created: number;
}

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly revision: bigint; readonly position: bigint | undefined }
  | { readonly kind: 'wrong-version'; readonly expected: ExpectedRevision; readonly actual: bigint }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'bad-request' };

export type DeleteOutcome =
  | { readonly kind: 'done'; readonly position: bigint }
  | { readonly kind: 'wrong-version'; readonly expected: bigint; readonly actual: bigint }
  | { readonly kind: 'deleted' };

interface Stream {
  /** By revision. */
  readonly events: StoredEvent[];
  tombstoned: boolean;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const NIL = /^[0-]+$/;
const EMPTY = new Uint8Array();
const utf8 = new TextDecoder();

/** What a real server keeps and how it decides, in memory: sections 1 to 5 and 10 of the records. */
export class Log {
  /** Everything, in order of position. */
  readonly all: StoredEvent[] = [];
  /** Milliseconds since 1970. */
  now: () => number = Date.now;
  /** Called after each write. */
  readonly listeners = new Set<() => void>();
  readonly #streams = new Map<string, Stream>();
  /** Recent ids by stream, the first copy of each; not kept over a restart. */
  readonly #recent = new Map<string, Map<string, StoredEvent>>();
  #position = 1_000n;

  constructor() {
    const first = { type: '$metadata', data: new TextEncoder().encode('{"$maxAge":2592000}') };
    this.#write('$$$scavenges', [json(first)]);
  }

  forgetRecentIds(): void {
    this.#recent.clear();
  }

  /** Revision of the last event of the stream, -1 when there never was one. */
  last(stream: string): bigint {
    return BigInt(this.#streams.get(stream)?.events.length ?? 0) - 1n;
  }

  isTombstoned(stream: string): boolean {
    return this.#streams.get(stream.startsWith('$$') ? stream.slice(2) : stream)?.tombstoned ?? false;
  }

  isSoftDeleted(stream: string): boolean {
    return Number(this.#limits(stream).$tb ?? 0) >= Number(TOMBSTONE_REVISION);
  }

  /** What of a stream is still readable. */
  visible(stream: string): StoredEvent[] {
    const { $maxCount, $maxAge, $tb } = this.#limits(stream);
    const events = this.#streams.get(stream)?.events ?? [];
    const first = Math.max(
      typeof $tb === 'number' ? $tb : 0,
      typeof $maxCount === 'number' && $maxCount > 0 ? events.length - $maxCount : 0,
    );
    const young = typeof $maxAge === 'number' && $maxAge > 0 ? this.now() - $maxAge * 1_000 : 0;
    return events.slice(Math.min(first, events.length)).filter(({ created }) => created >= young);
  }

  #limits(stream: string): { $maxCount?: unknown; $maxAge?: unknown; $tb?: unknown } {
    if (stream.startsWith('$$')) return { $maxCount: 1 };
    const newest = this.#streams.get(`$$${stream}`)?.events.at(-1);
    if (!newest) return {};
    try {
      return JSON.parse(utf8.decode(newest.data)) ?? {};
    } catch {
      return {};
    }
  }

  append(stream: string, expected: ExpectedRevision, events: readonly ProposedEvent[]): AppendOutcome {
    if (stream === '' || stream === '$$' || !events.every(isWellFormed)) return { kind: 'bad-request' };
    if (events.reduce((sum, { data }) => sum + data.length, 0) > MAX_APPEND_BYTES)
      return { kind: 'too-large' };
    if (this.isTombstoned(stream)) return { kind: 'deleted' };
    const actual = this.last(stream);
    if (events.length === 0) return this.#appendNothing(expected, actual);
    const earlier = this.#appendedBefore(stream, expected, events, actual);
    if (earlier) return earlier;
    const softDeleted = this.isSoftDeleted(stream);
    if (softDeleted && expected === 'stream_exists') return { kind: 'deleted' };
    const fits =
      expected === 'any' ||
      (expected === 'stream_exists' && actual >= 0n) ||
      (expected === 'no_stream' && (actual < 0n || softDeleted)) ||
      expected === actual;
    if (!fits) return { kind: 'wrong-version', expected, actual };
    const written = this.#write(stream, events).at(-1) as StoredEvent;
    if (softDeleted) this.#write(`$$${stream}`, [metadata(`{"$tb":${actual + 1n}}`)]);
    return { kind: 'appended', revision: written.revision, position: written.position };
  }

  #appendNothing(expected: ExpectedRevision, actual: bigint): AppendOutcome {
    const fits =
      expected === 'any' ||
      expected === actual ||
      (expected === 'no_stream' && actual < 0n) ||
      (expected === 'stream_exists' && actual >= 0n);
    if (!fits) return { kind: 'wrong-version', expected, actual };
    return { kind: 'appended', revision: actual < 0n ? 0n : actual, position: this.#nextPosition(0) };
  }

  /** Section 2: undefined means that this is a new append. */
  #appendedBefore(
    stream: string,
    expected: ExpectedRevision,
    events: readonly ProposedEvent[],
    actual: bigint,
  ): AppendOutcome | undefined {
    if (expected === 'any' || expected === 'stream_exists') {
      const recent = this.#recent.get(stream);
      if (!recent?.has((events[0] as ProposedEvent).id)) return undefined;
      if (!events.every(({ id }) => recent.has(id))) return { kind: 'wrong-version', expected, actual };
      return this.#earlier(recent.get((events.at(-1) as ProposedEvent).id) as StoredEvent);
    }
    const from = expected === 'no_stream' ? -1n : expected;
    if (from >= actual) return undefined;
    const stored = this.#streams.get(stream)?.events ?? [];
    const same = events.every(({ id }, index) => stored[Number(from) + 1 + index]?.id === id);
    if (same) return this.#earlier(stored[Number(from) + events.length] as StoredEvent);
    if (expected === 'no_stream' && this.isSoftDeleted(stream)) return undefined;
    return { kind: 'wrong-version', expected, actual };
  }

  #earlier(stored: StoredEvent): AppendOutcome {
    const readable = this.visible(stored.stream).includes(stored);
    return {
      kind: 'appended',
      revision: stored.revision,
      position: readable ? stored.position : undefined,
    };
  }

  #write(stream: string, events: readonly ProposedEvent[]): StoredEvent[] {
    const kept = this.#streams.get(stream) ?? { events: [], tombstoned: false };
    this.#streams.set(stream, kept);
    const recent = this.#recent.get(stream) ?? new Map<string, StoredEvent>();
    this.#recent.set(stream, recent);
    const created = this.now();
    const written = events.map((event) => {
      const stored: StoredEvent = {
        ...event,
        stream,
        revision: BigInt(kept.events.length),
        position: this.#nextPosition(event.data.length + event.metadata.length),
        created,
      };
      kept.events.push(stored);
      this.all.push(stored);
      if (!recent.has(stored.id)) recent.set(stored.id, stored);
      return stored;
    });
    for (const listener of [...this.listeners]) listener();
    return written;
  }

  /** Byte offsets: they grow, with gaps. */
  #nextPosition(bytes: number): bigint {
    this.#position += BigInt(bytes + 97);
    return this.#position;
  }

  delete(stream: string, expected: ExpectedRevision): DeleteOutcome {
    if (this.isTombstoned(stream)) return { kind: 'deleted' };
    const refused = this.#deletable(stream, expected, false);
    if (refused) return refused;
    const [written] = this.#write(`$$${stream}`, [metadata(DELETED_FROM_HERE)]);
    return { kind: 'done', position: (written as StoredEvent).position };
  }

  tombstone(stream: string, expected: ExpectedRevision): DeleteOutcome {
    if (this.isTombstoned(stream)) return { kind: 'deleted' };
    const refused = this.#deletable(stream, expected, true);
    if (refused) return refused;
    const end: StoredEvent = {
      id: randomUUID(),
      type: '$streamDeleted',
      contentType: 'application/octet-stream',
      data: EMPTY,
      metadata: EMPTY,
      stream,
      revision: TOMBSTONE_REVISION,
      position: this.#nextPosition(0),
      created: this.now(),
    };
    this.all.push(end);
    const kept = this.#streams.get(stream) ?? { events: [], tombstoned: false };
    this.#streams.set(stream, kept);
    kept.tombstoned = true;
    for (const listener of [...this.listeners]) listener();
    return { kind: 'done', position: end.position };
  }

  #deletable(stream: string, expected: ExpectedRevision, absentToo: boolean): DeleteOutcome | undefined {
    const actual = this.last(stream);
    const number = expected === 'any' ? -2n : expected === 'no_stream' ? -1n : expected;
    const fits = expected === 'any' ? absentToo || actual >= 0n : actual >= 0n && number === actual;
    return fits ? undefined : { kind: 'wrong-version', expected: number as bigint, actual };
  }
}

const isWellFormed = ({ id, type }: ProposedEvent): boolean => type !== '' && UUID.test(id) && !NIL.test(id);

const json = ({ type, data }: { type: string; data: Uint8Array }): ProposedEvent => ({
  id: randomUUID(),
  type,
  contentType: 'application/json',
  data,
  metadata: EMPTY,
});

const metadata = (text: string): ProposedEvent =>
  json({ type: '$metadata', data: new TextEncoder().encode(text) });
