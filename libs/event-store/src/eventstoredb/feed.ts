import type { AllStreamResolvedEvent, AllStreamSubscription } from '@eventstore/db-client';
import { turns } from '#clock';
import type { RecordedEvent } from '#kernel';
import type { Connection } from './connection.ts';
import { isOurs, recorded } from './recorded.ts';

const BUFFERED = 500;
const CAUGHT_UP = Symbol('caught up');

/**
 * One subscription of the client, from a position (exclusive) until it ends for whatever reason. Its listeners stay
 * attached for its whole life: a failure after the end must find one.
 */
export class Feed {
  readonly #subscription: AllStreamSubscription;
  readonly #queue: (RecordedEvent | typeof CAUGHT_UP)[] = [];
  #wake: () => void = () => undefined;
  #ended = false;
  /** Why it ended, when it did not end quietly. */
  failure: unknown;

  constructor({ client, module, options }: Connection, after: number) {
    const own = { commit: BigInt(after), prepare: BigInt(after) };
    this.#subscription = client.subscribeToAll(
      {
        ...options,
        fromPosition: after === 0 ? module.START : own,
        filter: module.excludeSystemEvents(),
      },
      { highWaterMark: BUFFERED },
    );
    let untilCaughtUp = 0;
    this.#subscription
      .on('error', (error: unknown) => this.#end(error))
      .on('end', () => this.#end())
      .on('close', () => this.#end())
      .on('caughtUp', () => {
        // Told when the message passes; events before it may still wait in the stream's own buffer.
        untilCaughtUp = this.#subscription.readableLength;
        if (untilCaughtUp === 0) this.#enqueue(CAUGHT_UP);
      })
      .on('data', (resolved: AllStreamResolvedEvent) => {
        try {
          if (isOurs(resolved)) this.#enqueue(recorded(resolved));
        } catch (error) {
          this.#end(error);
        }
        if (untilCaughtUp > 0 && --untilCaughtUp === 0) this.#enqueue(CAUGHT_UP);
      });
  }

  #enqueue(item: RecordedEvent | typeof CAUGHT_UP): void {
    if (this.#ended) return;
    this.#queue.push(item);
    if (this.#queue.length >= BUFFERED) this.#subscription.pause();
    this.#wake();
  }

  #end(failure?: unknown): void {
    this.failure ??= failure;
    this.#ended = true;
    this.#wake();
  }

  /** What is there already: events, or an empty batch when all that was appended has been handed over. */
  take(): readonly RecordedEvent[] | undefined {
    const caughtUp = this.#queue.indexOf(CAUGHT_UP);
    if (this.#queue.length === 0) return undefined;
    const batch = this.#queue.splice(0, caughtUp < 0 ? this.#queue.length : caughtUp || 1);
    if (this.#subscription.isPaused() && !this.#ended) this.#subscription.resume();
    return batch.filter((item) => item !== CAUGHT_UP);
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Until something can be taken, the end, an abort, or so many milliseconds of nothing (then false). */
  async ready(milliseconds: number, signal: AbortSignal): Promise<boolean> {
    if (this.#queue.length > 0 || this.#ended || signal.aborted) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), milliseconds);
    const wake = () => resolve(true);
    // One turn of the event loop lets what arrived together be taken together.
    this.#wake = () => turns.piece(wake);
    signal.addEventListener('abort', wake, { once: true });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      this.#wake = () => undefined;
    }
  }

  close(): void {
    this.#ended = true;
    this.#queue.length = 0;
    this.#subscription.unsubscribe().catch(() => undefined);
    this.#subscription.resume();
  }
}
