import type { Collection, StoredDocument } from '../port.ts';
import { type Bulk, type Call, type Order, travelling } from './messages.ts';

/** So many documents are sent at once: they are written while the next ones are made. */
const MANY = 250;

/**
 * A transaction as the thread that writes knows it. Bulk writes answer nothing, so they wait here and travel with the
 * next call that does, or with the commit: most transactions are one or two messages.
 */
export class Within {
  readonly #order: <R>(order: Order) => Promise<R>;
  readonly #written = new Set<string>();
  #calls: Call[] = [];
  #begun = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(order: <R>(order: Order) => Promise<R>) {
    this.#order = order;
  }

  /** What it has written only its own connection sees. */
  hasWritten(collection: string): boolean {
    return this.#written.has(collection);
  }

  async write(call: Call): Promise<unknown> {
    if (this.#failure) throw this.#failure.error;
    this.#written.add(call.collection);
    this.#calls.push(call);
    if (call.method !== 'bulkWrite') return (await this.#send())?.at(-1);
    // What fails on the way fails whatever comes next.
    if (documentsIn(this.#calls) >= MANY) this.#send().catch(() => undefined);
    return undefined;
  }

  async #send(end?: 'commit' | 'rollback'): Promise<unknown[] | undefined> {
    const calls = this.#calls;
    this.#calls = [];
    this.#begun = !end;
    try {
      return await this.#order<unknown[]>({ kind: 'within', calls, end });
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  async commit(): Promise<void> {
    if (this.#failure) throw this.#failure.error;
    if (this.#begun || this.#calls.length > 0) await this.#send('commit');
  }

  async rollback(): Promise<void> {
    this.#calls = [];
    if (this.#begun) await this.#send('rollback').catch(() => undefined);
  }
}

const documentsIn = (calls: readonly Call[]): number =>
  calls.reduce((sum, { given: [bulk] }) => sum + (bulk as Bulk).steps.length, 0);

export interface Ways<T extends StoredDocument> {
  /** Undefined: only the writer can tell. */
  readonly reading: () => Collection<T> | undefined;
  readonly write: (call: Call) => Promise<unknown>;
}

export const collectionOf = <T extends StoredDocument>(
  name: string,
  { reading, write }: Ways<T>,
): Collection<T> => {
  const call =
    (method: Call['method']) =>
    async (...given: unknown[]) =>
      write({ collection: name, method, given }) as never;
  return {
    findOne: async (...given) => reading()?.findOne(...given) ?? call('findOne')(...given),
    find: (filter, options) => reading()?.find(filter, options) ?? new Asked(call('find'), filter, options),
    countDocuments: async (...given) =>
      reading()?.countDocuments(...given) ?? call('countDocuments')(...given),
    insertOne: call('insertOne'),
    updateOne: call('updateOne'),
    replaceOne: call('replaceOne'),
    deleteOne: call('deleteOne'),
    deleteMany: call('deleteMany'),
    bulkWrite: async (operations, options) => call('bulkWrite')(travelling(operations), options),
  };
};

/** What the writer is asked to find. */
class Asked {
  readonly #ask: (...given: unknown[]) => Promise<never>;
  readonly #filter: object;
  readonly #options: object;

  constructor(ask: (...given: unknown[]) => Promise<never>, filter: object, options: object = {}) {
    this.#ask = ask;
    this.#filter = filter;
    this.#options = options;
  }

  sort(sort: unknown): Asked {
    return new Asked(this.#ask, this.#filter, { ...this.#options, sort });
  }

  skip(skip: number): Asked {
    return new Asked(this.#ask, this.#filter, { ...this.#options, skip });
  }

  limit(limit: number): Asked {
    return new Asked(this.#ask, this.#filter, { ...this.#options, limit });
  }

  toArray(): Promise<never> {
    return this.#ask(this.#filter, this.#options);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<never> {
    yield* (await this.toArray()) as never[];
  }
}
