import type {
  AnyBulkWriteOperation,
  BulkWriteOptions,
  CountDocumentsOptions,
  DeleteOptions,
  Filter,
  FindOptions,
  OptionalUnlessRequiredId,
  ReplaceOptions,
  Sort,
  UpdateFilter,
  UpdateOptions,
  WithId,
  WithoutId,
} from 'mongodb';
import type { IndexSpec } from '#kernel';

/** Documents have string ids; dates are ISO strings or numbers. */
export interface StoredDocument {
  readonly _id: string;
}

/** What `find` answers: the part of the driver's `FindCursor` that both adapters have. */
export interface Found<T> {
  sort(sort: Sort): Found<T>;
  skip(count: number): Found<T>;
  limit(count: number): Found<T>;
  toArray(): Promise<T[]>;
  [Symbol.asyncIterator](): AsyncIterator<T>;
}

/**
 * The part of MongoDB's collection that this product uses, typed with the driver's own types: the driver's
 * `Collection<T>` satisfies it unchanged. Both adapters pass `test/contracts/read-models.contract.ts`.
 *
 * Filters: `$eq $ne $gt $gte $lt $lte $in $nin $exists $and $or $not`, anchored `$regex` (`^` and literal text),
 * dotted paths, equality into arrays. Updates: `$set $unset $inc $min $max $setOnInsert $push $addToSet $pull`.
 * Anything else throws.
 */
export interface Collection<T extends StoredDocument> {
  findOne(filter: Filter<T>, options?: Pick<FindOptions, 'sort'>): Promise<WithId<T> | null>;
  find(filter: Filter<T>, options?: Pick<FindOptions, 'sort' | 'limit' | 'skip'>): Found<WithId<T>>;
  countDocuments(filter: Filter<T>, options?: Pick<CountDocumentsOptions, 'limit'>): Promise<number>;
  /** `j: false`: the document may be lost with the power. */
  insertOne(
    document: OptionalUnlessRequiredId<T>,
    options?: { readonly writeConcern?: { readonly j: boolean } },
  ): Promise<unknown>;
  updateOne(
    filter: Filter<T>,
    update: UpdateFilter<T>,
    options?: Pick<UpdateOptions, 'upsert'>,
  ): Promise<{ matchedCount: number; modifiedCount: number; upsertedCount: number }>;
  replaceOne(
    filter: Filter<T>,
    document: WithoutId<T>,
    options?: Pick<ReplaceOptions, 'upsert'>,
  ): Promise<unknown>;
  deleteOne(filter: Filter<T>, options?: DeleteOptions): Promise<{ deletedCount: number }>;
  deleteMany(filter: Filter<T>): Promise<{ deletedCount: number }>;
  bulkWrite(
    operations: readonly AnyBulkWriteOperation<T>[],
    options?: Pick<BulkWriteOptions, 'ordered'>,
  ): Promise<unknown>;
}

/** Where collections live. */
export interface Documents {
  collection<T extends StoredDocument>(name: string): Collection<T>;
}

/** A document database: one adapter on SQLite, one on MongoDB. */
export interface DocumentStore extends Documents {
  /**
   * Creates what is missing; existing indexes stay. `later`: only makes ready for them, because many documents come
   * first and indexes are made faster from what is there.
   */
  ensureIndexes(
    collection: string,
    indexes: readonly (IndexSpec | UniqueIndex)[],
    options?: { readonly later?: boolean },
  ): Promise<void>;
  /**
   * All or nothing where `transactional` is true. On a standalone MongoDB the writes go one by one in order: callers
   * there guard every document with the position it was built from.
   */
  transaction<R>(work: (documents: Documents) => Promise<R>): Promise<R>;
  readonly transactional: boolean;
  /** Names of the collections, sorted. */
  names(): Promise<string[]>;
  drop(collection: string): Promise<void>;
  /** What was deleted or replaced stands nowhere in the store's own files any more; a server sees to that by itself. */
  scrub(): Promise<void>;
  health(): Promise<{ readonly ok: boolean; readonly detail?: string }>;
  close(): Promise<void>;
}

export interface UniqueIndex {
  readonly unique: IndexSpec;
}

/** A unique index or an `_id` refused the document. */
export class DuplicateKey extends Error {
  override readonly name = 'DuplicateKey';
}

/** The query asks for something outside the subset above: a bug, found by the first test that runs it. */
export class UnsupportedQuery extends Error {
  override readonly name = 'UnsupportedQuery';
}
