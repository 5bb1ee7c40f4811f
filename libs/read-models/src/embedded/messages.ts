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

/**
 * Bulk writes as they travel: whole documents as the lines of one text, which costs a fraction of sending as many
 * objects, and is what will be stored.
 */
export interface Bulk {
  readonly steps: readonly Step[];
  readonly text: string;
}

/** `null`: the next line is inserted; an id: it takes the place of that document, or is inserted. */
type Step = null | string | AnyBulkWriteOperation<never>;

export const travelling = <T extends StoredDocument>(
  operations: readonly AnyBulkWriteOperation<T>[],
): Bulk => {
  const lines: string[] = [];
  const steps = operations.map((operation) => {
    if ('insertOne' in operation) {
      lines.push(JSON.stringify(operation.insertOne.document));
      return null;
    }
    const id =
      'replaceOne' in operation && operation.replaceOne.upsert && onlyId(operation.replaceOne.filter);
    if (!id) return operation as AnyBulkWriteOperation<never>;
    lines.push(JSON.stringify(operation.replaceOne.replacement));
    return id;
  });
  return { steps, text: lines.join('\n') };
};

const onlyId = ({ _id, ...rest }: { readonly _id?: unknown }): string | false =>
  typeof _id === 'string' && Object.keys(rest).length === 0 && _id;

/** Their documents are texts still. */
export const arrived = ({ steps, text }: Bulk): object[] => {
  const lines = text.split('\n');
  let next = 0;
  return steps.map((step) => {
    if (step === null) return { insertOne: { document: lines[next++] } };
    if (typeof step !== 'string') return step;
    return { replaceOne: { filter: { _id: step }, replacement: lines[next++], upsert: true } };
  });
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
