import type {
  AllStreamResolvedEvent,
  EventStoreDBClient,
  JSONEventData,
  ResolvedEvent,
  StreamingRead,
} from '@eventstore/db-client';
import type { RecordedEvent } from '#kernel';
import { serialise } from '../checks.ts';
import {
  type Appended,
  type EventStore,
  type NewEvent,
  NO_STREAM,
  type Retention,
  RevisionConflict,
  type StoreHealth,
  UnusableStore,
} from '../port.ts';
import { backoff } from './backoff.ts';
import { Connection } from './connection.ts';
import {
  describe,
  isMissingStream,
  isRefusedPosition,
  isWrongVersion,
  refusedAppend,
  unavailable,
} from './failures.ts';
import { Feed } from './feed.ts';
import { isOurs, positionOf, recorded } from './recorded.ts';
import { Tail } from './tail.ts';

const PAGE = 500;

export interface EventStoreDbOptions {
  /** How long one call waits for an answer (reads: between two items). Default 3,000. */
  readonly appendTimeoutMs?: number;
  /** A follower whose subscription fell silent has noticed and subscribed anew after this time. Default 15,000. */
  readonly silenceMs?: number;
  /** Tries of one call while its outcome is unknown. Default 5. */
  readonly attempts?: number;
  /** For the jitter between tries: 0 ≤ value < 1. */
  readonly random?: () => number;
}

/**
 * The log in an EventStoreDB (23.10) or a cluster of them: `esdb://[user:password@]host:port[,…]?tls=…`. Opening does
 * not connect: a store that is away shows in the calls and in `health`.
 * @throws UnusableStore when the address cannot be used.
 */
export const openEventStoreDb = async (
  url: string,
  options: EventStoreDbOptions = {},
): Promise<EventStore> => {
  const { appendTimeoutMs = 3_000, silenceMs = 15_000, attempts = 5, random = Math.random } = options;
  return new EventStoreDb(await Connection.open(url), { appendTimeoutMs, silenceMs, attempts, random });
};

class EventStoreDb implements EventStore {
  readonly #connection: Connection;
  readonly #settings: Required<EventStoreDbOptions>;
  readonly #tail: Tail;
  readonly #closing = new AbortController();

  constructor(connection: Connection, settings: Required<EventStoreDbOptions>) {
    this.#connection = connection;
    this.#settings = settings;
    this.#tail = new Tail(connection, settings.appendTimeoutMs);
  }

  async append(stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<Appended> {
    const messages = serialise(stream, expectedRevision, events).map(
      ({ id, type, metadata }, index): JSONEventData => ({
        id,
        type,
        contentType: 'application/json',
        data: (events[index] as NewEvent).data as Record<string, unknown>,
        metadata: new Uint8Array(Buffer.from(metadata)),
      }),
    );
    let unknown: unknown;
    for (let attempt = 0; attempt < this.#settings.attempts; attempt += 1) {
      if (attempt > 0) await backoff(attempt, this.#settings.random, this.#closing.signal);
      try {
        return await this.#appendOnce(stream, expectedRevision, messages);
      } catch (error) {
        if (isWrongVersion(error)) {
          const before = unknown ? await this.#appendedBefore(stream, expectedRevision, messages) : undefined;
          if (before) return before;
          const actual = typeof error.actualVersion === 'bigint' ? Number(error.actualVersion) : NO_STREAM;
          throw new RevisionConflict(stream, expectedRevision, actual);
        }
        const refused = refusedAppend(stream, error);
        if (refused) throw refused;
        unknown = error;
      }
    }
    throw unavailable(unknown);
  }

  async #appendOnce(
    stream: string,
    expectedRevision: number,
    messages: readonly JSONEventData[],
  ): Promise<Appended> {
    const { options, module } = this.#connection;
    const { appendTimeoutMs } = this.#settings;
    const { nextExpectedRevision, position } = await this.#connection.call(appendTimeoutMs, (client) =>
      client.appendToStream(stream, messages as JSONEventData[], {
        ...options,
        deadline: appendTimeoutMs,
        expectedRevision: expectedRevision === NO_STREAM ? module.NO_STREAM : BigInt(expectedRevision),
      }),
    );
    return {
      revision: Number(nextExpectedRevision),
      // Absent when retention has cut the event since: the newest position is then a safe upper bound.
      position: position ? Number(position.commit) : await this.#tail.newest(),
    };
  }

  /** Whether an earlier try, whose answer got lost, is what moved the stream. */
  async #appendedBefore(
    stream: string,
    expectedRevision: number,
    messages: readonly JSONEventData[],
  ): Promise<Appended | undefined> {
    const stored = await this.read(stream, { from: expectedRevision + 1, limit: messages.length });
    const same =
      stored.length === messages.length &&
      stored.every(
        ({ id, revision }, index) => id === messages[index]?.id && revision === expectedRevision + 1 + index,
      );
    const last = stored.at(-1);
    return same && last ? { revision: last.revision, position: last.position } : undefined;
  }

  async read(stream: string, options: { from?: number; limit?: number } = {}): Promise<RecordedEvent[]> {
    const { from = 0, limit } = options;
    if (limit === 0) return [];
    try {
      const found = await this.#patiently<ResolvedEvent>((client) =>
        client.readStream(stream, {
          ...this.#connection.options,
          fromRevision: BigInt(from),
          maxCount: limit,
        }),
      );
      return found.filter(({ event }) => event !== undefined).map(recorded);
    } catch (error) {
      if (isMissingStream(error)) return [];
      throw unavailable(error);
    }
  }

  /** A read may be asked again at once; it gives up when one time-out's worth of time has passed. */
  async #patiently<T>(open: (client: EventStoreDBClient) => StreamingRead<T>): Promise<T[]> {
    const { appendTimeoutMs, attempts, random } = this.#settings;
    const until = performance.now() + appendTimeoutMs;
    for (let attempt = 1; ; attempt += 1)
      try {
        return await this.#connection.collect<T>(appendTimeoutMs, open);
      } catch (error) {
        const final = isMissingStream(error) || isRefusedPosition(error);
        if (final || attempt >= attempts || performance.now() >= until) throw error;
        await backoff(attempt, random, this.#closing.signal);
      }
  }

  async *readAll(
    options: { after?: number; batchSize?: number } = {},
  ): AsyncIterable<readonly RecordedEvent[]> {
    const { after = 0, batchSize = PAGE } = options;
    const { START } = this.#connection.module;
    let last = after;
    for (;;) {
      // The server starts with the event at the position itself.
      const maxCount = batchSize + (last === 0 ? 0 : 1);
      const fromPosition = last === 0 ? START : { commit: BigInt(last), prepare: BigInt(last) };
      const page = await this.#patiently<AllStreamResolvedEvent>((client) =>
        client.readAll({ ...this.#connection.options, fromPosition, maxCount }),
      ).catch((error: unknown) => {
        throw isRefusedPosition(error) ? foreignPosition(last) : unavailable(error);
      });
      const known = last;
      const batch = page.filter((item) => isOurs(item) && positionOf(item) > known).map(recorded);
      last = page.length > 0 ? positionOf(page.at(-1) as AllStreamResolvedEvent) : last;
      if (batch.length > 0) yield batch;
      if (page.length < maxCount) return;
    }
  }

  async *follow(options: { after: number; signal: AbortSignal }): AsyncIterable<readonly RecordedEvent[]> {
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    let last = options.after;
    let failures = 0;
    while (!signal.aborted) {
      const feed = new Feed(this.#connection, last);
      try {
        while (await this.#alive(feed, last, signal)) {
          const batch = feed.take();
          if (!batch) continue;
          failures = 0;
          last = batch.at(-1)?.position ?? last;
          yield batch;
        }
      } finally {
        feed.close();
      }
      failures += 1;
      if (isRefusedPosition(feed.failure) && failures >= this.#settings.attempts) throw foreignPosition(last);
      await backoff(failures, this.#settings.random, signal);
    }
  }

  /** True while there is something to take or to wait for; false means subscribe anew. */
  async #alive(feed: Feed, last: number, signal: AbortSignal): Promise<boolean> {
    const { silenceMs, appendTimeoutMs } = this.#settings;
    const quiet = Math.max(silenceMs - appendTimeoutMs, silenceMs / 2);
    while (!signal.aborted) {
      if (await feed.ready(quiet, signal)) return !signal.aborted && !(feed.hasEnded && feed.isEmpty);
      const missed = await this.#tail.newest().then(
        (newest) => newest > last,
        () => true,
      );
      if (missed && feed.isEmpty) return false;
    }
    return false;
  }

  async at(position: number): Promise<RecordedEvent | undefined> {
    const fromPosition = { commit: BigInt(position), prepare: BigInt(position) };
    const page = await this.#patiently<AllStreamResolvedEvent>((client) =>
      client.readAll({ ...this.#connection.options, fromPosition, maxCount: 1 }),
    ).catch((error: unknown) => {
      throw isRefusedPosition(error) ? foreignPosition(position) : unavailable(error);
    });
    return page.filter((item) => isOurs(item) && positionOf(item) === position).map(recorded)[0];
  }

  async head(): Promise<number> {
    try {
      return await this.#tail.newest();
    } catch (error) {
      throw unavailable(error);
    }
  }

  async retain(stream: string, { maxAgeSeconds, maxCount }: Retention): Promise<void> {
    const { appendTimeoutMs } = this.#settings;
    const wanted = {
      ...(maxAgeSeconds === undefined ? {} : { maxAge: maxAgeSeconds }),
      ...(maxCount === undefined ? {} : { maxCount }),
    };
    try {
      await this.#connection.call(2 * appendTimeoutMs, async (client) => {
        const { metadata } = await client.getStreamMetadata(stream, this.#connection.options);
        const kept = Object.entries(wanted).every(([key, value]) => metadata?.[key] === value);
        if (!kept)
          await client.setStreamMetadata(stream, { ...metadata, ...wanted }, this.#connection.options);
      });
    } catch (error) {
      throw unavailable(error);
    }
  }

  async health(): Promise<StoreHealth> {
    try {
      await this.#tail.newest();
      return { ok: true };
    } catch (error) {
      return { ok: false, detail: `the event store does not answer: ${describe(error)}` };
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#connection.close();
  }
}

const foreignPosition = (position: number): UnusableStore =>
  new UnusableStore(`position ${position} is no event's in this log: it belongs to another one`);
