import type { AnyBulkWriteOperation } from 'mongodb';
import { StorageFailure, UnusableFile } from '#sqlite';
import { DuplicateKey, type StoredDocument, UnsupportedQuery } from '../port.ts';

/** One call on a collection, as it travels to the thread that writes. */
export interface Call {
  readonly collection: string;
  readonly method:
    | 'insertOne'
    | 'updateOne'
    | 'replaceOne'
    | 'deleteOne'
    | 'deleteMany'
    | 'bulkWrite'
    | Reading;
  readonly given: readonly unknown[];
}

/** `find` answers all documents. */
type Reading = 'find' | 'findOne' | 'countDocuments';

export type Order =
  | { readonly kind: 'call'; readonly call: Call }
  /** Calls of the open transaction, which the first such order begins and `end` ends. */
  | { readonly kind: 'within'; readonly calls: readonly Call[]; readonly end?: 'commit' | 'rollback' }
  | {
      readonly kind: 'ensureIndexes';
      readonly collection: string;
      readonly indexes: readonly object[];
      readonly options: { readonly later?: boolean };
    }
  | { readonly kind: 'drop'; readonly collection: string }
  | { readonly kind: 'scrub' }
  | { readonly kind: 'close' };

export type Request = Order & { readonly id: number };

export interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string };
  /** Of the collections, columns and indexes, so that readers know when theirs are old. */
  readonly layoutVersion: number;
}

/** Whole documents travel as the text that is stored: it is made once, and cheaper to send than what it tells. */
export const travelling = <T extends StoredDocument>(operation: AnyBulkWriteOperation<T>): object => {
  if ('insertOne' in operation) {
    const { document } = operation.insertOne;
    return { insertOne: { document: JSON.stringify(document) } };
  }
  if (!('replaceOne' in operation)) return operation;
  const { replacement, ...rest } = operation.replaceOne;
  return { replaceOne: { ...rest, replacement: JSON.stringify(replacement) } };
};

/** An error's class does not survive the way between threads, its name does. */
export const packed = (error: unknown): Reply['error'] => {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { name, message };
};

export const unpacked = ({ name, message }: { name: string; message: string }): Error => {
  const known = KINDS.get(name);
  return known ? new known(message) : Object.assign(new Error(message), { name });
};

const KINDS = new Map<string, new (message: string) => Error>(
  [DuplicateKey, UnsupportedQuery, StorageFailure, UnusableFile, TypeError, RangeError].map((kind) => [
    kind.name,
    kind,
  ]),
);
