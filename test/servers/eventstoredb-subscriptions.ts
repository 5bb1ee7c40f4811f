import { randomUUID } from 'node:crypto';
import type { Log, StoredEvent } from './eventstoredb-log.ts';
import {
  caughtUpMessage,
  checkpointMessage,
  confirmationMessage,
  consumerTooSlow,
  eventMessage,
  type Failure,
  handlerThrew,
  streamDeleted,
  streamNameOf,
} from './eventstoredb-messages.ts';
import { fail, indexOf, type ReadCall, type ReadOptions, send } from './eventstoredb-reads.ts';

const SEARCH_WINDOW = 32;

/** A live subscriber that is so many events behind is dropped. */
const LIVE_BACKLOG = 128;

/** One subscription of one caller: catch-up, "caught up", then live. */
export class Subscription {
  readonly #log: Log;
  readonly #call: ReadCall;
  readonly #matches: (event: StoredEvent) => boolean;
  readonly #checkpointEvery: number;
  readonly #stream: string | undefined;
  #cursor: number;
  #live = false;
  #over = false;
  #stalled = false;
  #examined = 0;
  #wake: () => void = () => undefined;

  /** Answers why not, when the request cannot be served. */
  static open(log: Log, call: ReadCall, options: ReadOptions): Subscription | Failure {
    const matches = filterOf(options);
    if (!matches) return handlerThrew;
    const name = options.hasStream() ? streamNameOf(options.getStream()?.getStreamIdentifier()) : undefined;
    if (name !== undefined && log.isTombstoned(name)) return streamDeleted(name);
    const cursor = startOf(log, options);
    return typeof cursor === 'number' ? new Subscription(log, call, options, matches, name, cursor) : cursor;
  }

  private constructor(
    log: Log,
    call: ReadCall,
    options: ReadOptions,
    matches: (event: StoredEvent) => boolean,
    stream: string | undefined,
    cursor: number,
  ) {
    this.#log = log;
    this.#call = call;
    this.#stream = stream;
    this.#cursor = cursor;
    const after = options.getStream()?.hasRevision() ? BigInt(options.getStream()?.getRevision() ?? 0) : -1n;
    this.#matches = (event) =>
      stream === undefined ? matches(event) : event.stream === stream && event.revision > after;
    const filter = options.getFilter();
    const window = filter?.hasMax() ? filter.getMax() : SEARCH_WINDOW;
    this.#checkpointEvery = filter ? window * filter.getCheckpointintervalmultiplier() : 0;
  }

  async run(): Promise<void> {
    const wake = () => this.#noticed();
    this.#log.listeners.add(wake);
    const over = () => this.#finish();
    this.#call.on('cancelled', over).on('close', over);
    await send(this.#call, confirmationMessage(randomUUID()));
    while (!this.#over) {
      const next = this.#stalled ? undefined : this.#log.all[this.#cursor];
      if (next) await this.#pass(next);
      else if (!this.#live && !this.#stalled) {
        this.#live = true;
        await send(this.#call, caughtUpMessage());
      } else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
    this.#log.listeners.delete(wake);
  }

  async #pass(event: StoredEvent): Promise<void> {
    this.#cursor += 1;
    this.#examined += 1;
    const matches = this.#matches(event);
    if (matches) await send(this.#call, eventMessage(event));
    if (this.#over) return;
    if (this.#checkpointEvery > 0 && this.#examined % this.#checkpointEvery === 0)
      await send(this.#call, checkpointMessage(event.position, this.#live || matches ? event.position : 0n));
    if (event.type === '$streamDeleted' && event.stream === this.#stream)
      this.drop(streamDeleted(event.stream));
  }

  #noticed(): void {
    if (this.#live && !this.#stalled && this.#log.all.length - this.#cursor > LIVE_BACKLOG)
      this.drop(consumerTooSlow);
    this.#wake();
  }

  #finish(): void {
    this.#over = true;
    this.#wake();
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Ends with an error. */
  drop(failure: Failure = consumerTooSlow): void {
    if (this.#over) return;
    this.#finish();
    fail(this.#call, failure);
  }

  /** Ends as if all was well. */
  end(): void {
    if (this.#over) return;
    this.#finish();
    this.#call.end();
  }

  /** Nothing is delivered any more; the call stays open. */
  stall(): void {
    this.#stalled = true;
  }
}

const startOf = (log: Log, options: ReadOptions): number | Failure => {
  if (options.hasStream()) return options.getStream()?.hasEnd() ? log.all.length : 0;
  const all = options.getAll();
  if (all?.hasStart()) return 0;
  if (all?.hasEnd()) return log.all.length;
  const index = indexOf(log, all?.getPosition());
  if (typeof index !== 'number') return index;
  const own = log.all[index]?.position === BigInt(all?.getPosition()?.getCommitPosition() ?? 0);
  return own ? index + 1 : index;
};

/** Undefined when the expression cannot be read. */
const filterOf = (options: ReadOptions): ((event: StoredEvent) => boolean) | undefined => {
  const filter = options.getFilter();
  if (!filter) return () => true;
  const byType = filter.hasEventType();
  const expression = byType ? filter.getEventType() : filter.getStreamIdentifier();
  const subject = (event: StoredEvent) => (byType ? event.type : event.stream);
  const regex = expression?.getRegex();
  if (!regex) {
    const prefixes = expression?.getPrefixList() ?? [];
    return (event) => prefixes.some((prefix) => subject(event).startsWith(prefix));
  }
  try {
    const pattern = new RegExp(regex);
    return (event) => pattern.test(subject(event));
  } catch {
    return undefined;
  }
};
