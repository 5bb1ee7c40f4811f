import type {
  AnyBulkWriteOperation,
  ClientSession,
  CountDocumentsOptions,
  Collection as DriverCollection,
  Filter,
  FindCursor,
  FindOptions,
  OptionalUnlessRequiredId,
  Sort,
  UpdateFilter,
  WithId,
  WithoutId,
} from 'mongodb';
import { type Collection, DuplicateKey, type Found, type StoredDocument, UnsupportedQuery } from '../port.ts';
import {
  checkedCount,
  checkedId,
  checkedOptions,
  checkedReplacement,
  equalities,
  parseFilter,
  parseSort,
  parseUpdate,
} from '../subset.ts';
import { told } from './errors.ts';
import { inTime, READ_MS, WRITE_MS } from './in-time.ts';

/** A transaction. The first failure ends it on the server; what follows is refused here with the same error. */
export class Within {
  readonly session: ClientSession;
  #failure: { readonly error: unknown } | undefined;

  constructor(session: ClientSession) {
    this.session = session;
  }

  /** The driver tells by the original error whether to run the transaction again. */
  failed(error: unknown): unknown {
    const known = told(error);
    this.#failure ??= { error: known instanceof DuplicateKey ? known : error };
    return this.#failure.error;
  }

  mustGoOn(): void {
    if (this.#failure) throw this.#failure.error;
  }
}

/** The driver's collection, refusing what the embedded one refuses. */
export class MongoCollection<T extends StoredDocument> implements Collection<T> {
  readonly #driver: DriverCollection<T>;
  readonly #within: Within | undefined;
  readonly #session: { readonly session?: ClientSession };

  constructor(driver: DriverCollection<T>, within?: Within) {
    this.#driver = driver;
    this.#within = within;
    this.#session = within ? { session: within.session } : {};
  }

  async findOne(filter: Filter<T>, options: Pick<FindOptions, 'sort'> = {}): Promise<WithId<T> | null> {
    checkedOptions(options, ['sort']);
    parseFilter(filter);
    parseSort(options.sort);
    return this.#done(READ_MS, () => this.#driver.findOne(filter, { ...options, ...this.#session }));
  }

  find(filter: Filter<T>, options: Pick<FindOptions, 'sort' | 'limit' | 'skip'> = {}): Found<WithId<T>> {
    checkedOptions(options, ['sort', 'limit', 'skip']);
    parseFilter(filter);
    parseSort(options.sort);
    checkedCount('skip', options.skip);
    checkedCount('limit', options.limit);
    return new MongoFound(this.#driver.find(filter, { ...options, ...this.#session }), this.#within);
  }

  async countDocuments(
    filter: Filter<T>,
    options: Pick<CountDocumentsOptions, 'limit'> = {},
  ): Promise<number> {
    checkedOptions(options, ['limit']);
    parseFilter(filter);
    const limit = checkedCount('limit', options.limit);
    return this.#done(READ_MS, () =>
      this.#driver.countDocuments(filter, { ...(limit > 0 ? { limit } : {}), ...this.#session }),
    );
  }

  async insertOne(
    document: OptionalUnlessRequiredId<T>,
    options: { readonly writeConcern?: { readonly j: boolean } } = {},
  ): Promise<unknown> {
    checkedOptions(options, ['writeConcern']);
    checkedId((document as StoredDocument)._id);
    return this.#done(WRITE_MS, () => this.#driver.insertOne(document, { ...options, ...this.#session }));
  }

  async updateOne(filter: Filter<T>, update: UpdateFilter<T>, options: { upsert?: boolean } = {}) {
    checkedOptions(options, ['upsert']);
    checkUpdate(filter, update, options.upsert);
    return this.#done(WRITE_MS, () =>
      this.#driver.updateOne(filter, update, { ...options, ...this.#session }),
    );
  }

  async replaceOne(
    filter: Filter<T>,
    document: WithoutId<T>,
    options: { upsert?: boolean } = {},
  ): Promise<unknown> {
    checkedOptions(options, ['upsert']);
    checkReplacement(filter, document, options.upsert);
    return this.#done(WRITE_MS, () =>
      this.#driver.replaceOne(filter, document, { ...options, ...this.#session }),
    );
  }

  async deleteOne(filter: Filter<T>): Promise<{ deletedCount: number }> {
    parseFilter(filter);
    return this.#done(WRITE_MS, () => this.#driver.deleteOne(filter, this.#session));
  }

  async deleteMany(filter: Filter<T>): Promise<{ deletedCount: number }> {
    parseFilter(filter);
    return this.#done(WRITE_MS, () => this.#driver.deleteMany(filter, this.#session));
  }

  async bulkWrite(
    operations: readonly AnyBulkWriteOperation<T>[],
    options: { ordered?: boolean } = {},
  ): Promise<unknown> {
    checkedOptions(options, ['ordered']);
    if (options.ordered === false) throw new UnsupportedQuery('bulkWrite is ordered');
    for (const operation of operations) checkOperation(operation);
    if (operations.length === 0) return undefined;
    return this.#done(WRITE_MS, () => this.#driver.bulkWrite(operations, this.#session));
  }

  async #done<R>(milliseconds: number, work: () => Promise<R>): Promise<R> {
    this.#within?.mustGoOn();
    return done(inTime(milliseconds, work()), this.#within);
  }
}

const done = async <R>(work: Promise<R>, within: Within | undefined): Promise<R> => {
  try {
    return await work;
  } catch (error) {
    throw within ? within.failed(error) : told(error);
  }
};

class MongoFound<T> implements Found<T> {
  readonly #cursor: FindCursor<T>;
  readonly #within: Within | undefined;

  constructor(cursor: FindCursor<T>, within: Within | undefined) {
    this.#cursor = cursor;
    this.#within = within;
  }

  sort(sort: Sort): this {
    parseSort(sort);
    this.#cursor.sort(sort);
    return this;
  }

  skip(count: number): this {
    this.#cursor.skip(checkedCount('skip', count));
    return this;
  }

  limit(count: number): this {
    this.#cursor.limit(checkedCount('limit', count));
    return this;
  }

  async toArray(): Promise<T[]> {
    this.#within?.mustGoOn();
    return done(inTime(READ_MS, this.#cursor.toArray()), this.#within);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    this.#within?.mustGoOn();
    try {
      while (await done(inTime(READ_MS, this.#cursor.hasNext()), this.#within))
        yield (await this.#cursor.next()) as T;
    } finally {
      await this.#cursor.close();
    }
  }
}

const named = (filter: object): string | undefined => {
  const id = equalities(parseFilter(filter)).get('_id');
  return typeof id === 'string' ? id : undefined;
};

const checkUpdate = (filter: object, update: object, upsert: boolean | undefined): void => {
  const id = named(filter);
  parseUpdate(update);
  if (upsert) checkedId(id);
};

const checkReplacement = (filter: object, document: object, upsert: boolean | undefined): void => {
  const id = named(filter);
  const fields = document as Readonly<Record<string, unknown>>;
  checkedReplacement(fields, id);
  if (upsert && id === undefined) checkedId(fields._id);
};

const checkOperation = <T extends StoredDocument>(operation: AnyBulkWriteOperation<T>): void => {
  if ('replaceOne' in operation) {
    const { filter, replacement, upsert } = operation.replaceOne;
    checkReplacement(filter, replacement, upsert);
  } else if ('insertOne' in operation) {
    checkedId((operation.insertOne.document as StoredDocument)._id);
  } else if ('updateOne' in operation) {
    const { filter, update, upsert } = operation.updateOne;
    checkUpdate(filter, update, upsert);
  } else if ('deleteOne' in operation) {
    parseFilter(operation.deleteOne.filter);
  } else {
    throw new UnsupportedQuery(`bulkWrite does not support ${Object.keys(operation).join(', ')}`);
  }
};
