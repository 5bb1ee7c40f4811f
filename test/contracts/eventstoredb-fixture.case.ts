import { randomUUID } from 'node:crypto';
import esdb, {
  type AppendExpectedRevision,
  type EventData,
  type EventStoreDBClient,
  type ResolvedEvent,
} from '@eventstore/db-client';
import type { EventStoreDbServer } from '../servers/eventstoredb-server.ts';

export interface Record {
  readonly section: number;
  readonly case: string;
  readonly given: string;
  readonly call: string;
  readonly outcome: { value?: unknown; error?: unknown; pendingAfterMs?: number };
  readonly path?: 'batch' | 'unary';
  readonly throwOnAppendFailure?: boolean;
  readonly server: string;
  readonly setup?: boolean;
  readonly racy?: boolean;
  readonly note?: string;
}

const UNARY = { credentials: { username: 'anyone', password: 'anything' } };

/** The streams, events and client that the texts of one case speak of. */
export class Case {
  readonly server: EventStoreDbServer;
  readonly client: EventStoreDBClient;
  readonly title: string;
  readonly given: string;
  readonly streams = new Map<string, string>([
    ['S2', `other-${randomUUID()}`],
    ['S', `case-${randomUUID()}`],
  ]);
  readonly ids = new Map<string, string>();
  readonly options: { credentials?: { username: string; password: string } };

  constructor(server: EventStoreDbServer, client: EventStoreDBClient, record: Record) {
    this.server = server;
    this.client = client;
    this.title = record.case;
    this.given = record.given;
    this.options = record.path === 'unary' ? UNARY : {};
  }

  stream(label = 'S'): string {
    return this.streams.get(label) as string;
  }

  id(label: string): string {
    const id = this.ids.get(label) ?? randomUUID();
    this.ids.set(label, id);
    return id;
  }

  /** Events by label, with the label as data. */
  events(labels: string, other = false): EventData[] {
    return labels
      .split(',')
      .map((label) =>
        esdb.jsonEvent({ id: this.id(label), type: 'T', data: { k: label, ...(other && { other }) } }),
      );
  }

  /** `expected` as the records write it: NO_STREAM, ANY, STREAM_EXISTS, 3n, (default). */
  append(events: EventData | EventData[], expected = 'ANY', stream = this.stream()) {
    const expectedRevision = revisionOf(expected);
    return this.client.appendToStream(stream, events, {
      ...this.options,
      ...(expectedRevision === undefined ? {} : { expectedRevision }),
    });
  }

  read(stream = this.stream(), options: Parameters<EventStoreDBClient['readStream']>[1] = {}) {
    return collect(this.client.readStream(stream, { ...this.options, ...options }));
  }

  async revisions(options: Parameters<EventStoreDBClient['readStream']>[1] = {}): Promise<unknown[]> {
    return (await this.read(this.stream(), options)).map(({ event }) => event?.revision);
  }

  readAll(options: Parameters<EventStoreDBClient['readAll']>[0] = {}) {
    return collect(this.client.readAll({ ...this.options, ...options }));
  }

  /** Entries of `$all` that belong to the streams of this case. */
  async own(options: Parameters<EventStoreDBClient['readAll']>[0] = {}) {
    const names = [...this.streams.values()];
    return (await this.readAll(options)).filter(({ event }) =>
      names.some((name) => event?.streamId.endsWith(name)),
    );
  }

  label(id: string | undefined): string | undefined {
    return [...this.ids].find(([, known]) => known === id)?.[0];
  }
}

const revisionOf = (text: string): AppendExpectedRevision | undefined => {
  if (text === '(default)') return undefined;
  if (text === 'ANY') return esdb.ANY;
  if (text === 'NO_STREAM') return esdb.NO_STREAM;
  if (text === 'STREAM_EXISTS') return esdb.STREAM_EXISTS;
  return BigInt(text.replace('n', ''));
};

/** Errors reach the caller whenever they come, also before the first item is asked for. */
export const collect = async <T extends Partial<ResolvedEvent>>(
  stream: AsyncIterable<T> & { on(name: 'error', listener: () => void): unknown },
): Promise<T[]> => {
  stream.on('error', () => undefined);
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
};
