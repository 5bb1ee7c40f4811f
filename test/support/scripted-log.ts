import type { Appended, EventStore, NewEvent } from '#event-store';
import type { Event, EventMetadata, RecordedEvent } from '#kernel';

export const metadata: EventMetadata = {
  commandId: 'cmd_1',
  fingerprint: 'fingerprint',
  correlationId: 'cor_1',
  causationId: null,
  actor: { type: 'user', id: 'usr_actor' },
  source: 'api',
  sourceIp: null,
  userAgent: null,
  organizationId: 'org_1',
  schemaVersion: 1,
  occurredAt: '2026-01-01T00:00:00.000Z',
};

/** Numbers events as a log does: positions from 1, revisions per stream from 0. */
export const recordedLog = () => {
  const revisions = new Map<string, number>();
  let position = 0;
  return <E extends Event>(
    stream: string,
    event: E,
    overrides: Partial<EventMetadata> = {},
  ): RecordedEvent<E> => {
    const revision = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    position += 1;
    return {
      id: `event-${position}`,
      stream,
      revision,
      position,
      ...event,
      metadata: { ...metadata, ...overrides },
    };
  };
};

/** A log in memory that hands itself over in batches of scripted sizes, so that tests choose every boundary. */
export class ScriptedLog implements Pick<EventStore, 'readAll' | 'follow' | 'head' | 'read'> {
  readonly events: RecordedEvent[];
  readonly #sizes: readonly number[];
  readonly #waiting = new Set<() => void>();

  constructor(events: readonly RecordedEvent[], sizes: readonly number[] = [500]) {
    this.events = [...events];
    this.#sizes = sizes;
  }

  static store(events: readonly RecordedEvent[], sizes?: readonly number[]): EventStore & ScriptedLog {
    return new ScriptedLog(events, sizes) as EventStore & ScriptedLog;
  }

  push(...events: readonly RecordedEvent[]): void {
    this.events.push(...events);
    for (const wake of [...this.#waiting]) wake();
  }

  async append(_stream: string, _revision: number, _events: readonly NewEvent[]): Promise<Appended> {
    throw new Error('a scripted log is written by its test');
  }

  async read(stream: string, options: { from?: number; limit?: number } = {}): Promise<RecordedEvent[]> {
    return this.events
      .filter((event) => event.stream === stream && event.revision >= (options.from ?? 0))
      .slice(0, options.limit);
  }

  async *readAll({ after = 0 }: { after?: number } = {}): AsyncIterable<readonly RecordedEvent[]> {
    for (let turn = 0; ; turn += 1) {
      const size = this.#sizes[turn % this.#sizes.length] ?? 1;
      const batch = this.events.filter(({ position }) => position > after).slice(0, size);
      if (batch.length === 0) return;
      after = batch.at(-1)?.position as number;
      yield batch;
      await new Promise((resume) => setImmediate(resume));
    }
  }

  async *follow({
    after,
    signal,
  }: {
    after: number;
    signal: AbortSignal;
  }): AsyncIterable<readonly RecordedEvent[]> {
    while (!signal.aborted) {
      for await (const batch of this.readAll({ after })) {
        if (signal.aborted) return;
        after = batch.at(-1)?.position as number;
        yield batch;
      }
      const more = this.#more(after, signal);
      yield [];
      await more;
    }
  }

  #more(after: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        if (!signal.aborted && (this.events.at(-1)?.position ?? 0) <= after) return;
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
      wake();
    });
  }

  async head(): Promise<number> {
    return this.events.at(-1)?.position ?? 0;
  }
}
