import type {
  AnyBulkWriteOperation,
  CountDocumentsOptions,
  Filter,
  FindOptions,
  OptionalUnlessRequiredId,
  Sort,
  UpdateFilter,
  WithId,
  WithoutId,
} from 'mongodb';
import { nextPiece } from '#clock';
import { type Collection, type Found, type StoredDocument, UnsupportedQuery } from '../port.ts';
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
import { isFailure } from './engine.ts';
import type { Query } from './rows.ts';
import type { Json } from './values.ts';
import type { Target, Writer } from './writer.ts';

/** How a collection reaches its file: directly, or from inside a transaction. */
export interface Reach {
  get(collection: string, id: string): Promise<Json | undefined>;
  collect(collection: string, query: Query): Promise<Json[]>;
  walk(collection: string, query: Query): AsyncGenerator<Json>;
  count(collection: string, query: Query): Promise<number>;
  /** What `work` throws, it has not written. `lasting` false: it may be lost with the power. */
  write<R>(work: (writer: Writer) => R, lasting?: boolean): Promise<R>;
}

/** Writes of one call that go into one turn of the event loop. */
const SLICE = 500;

export class EmbeddedCollection<T extends StoredDocument> implements Collection<T> {
  readonly #name: string;
  readonly #reach: Reach;

  constructor(name: string, reach: Reach) {
    this.#name = name;
    this.#reach = reach;
  }

  async findOne(filter: Filter<T>, options: Pick<FindOptions, 'sort'> = {}): Promise<WithId<T> | null> {
    checkedOptions(options, ['sort']);
    const target = targetOf(filter);
    if (target.id !== undefined && !target.rest)
      return ((await this.#reach.get(this.#name, target.id)) as WithId<T> | undefined) ?? null;
    const query = { condition: target.condition, sort: parseSort(options.sort), skip: 0, limit: 1 };
    const [document] = await this.#reach.collect(this.#name, query);
    return (document as WithId<T> | undefined) ?? null;
  }

  find(filter: Filter<T>, options: Pick<FindOptions, 'sort' | 'limit' | 'skip'> = {}): Found<WithId<T>> {
    checkedOptions(options, ['sort', 'limit', 'skip']);
    return new EmbeddedFound<WithId<T>>(this.#name, this.#reach, {
      condition: parseFilter(filter),
      sort: parseSort(options.sort),
      skip: checkedCount('skip', options.skip),
      limit: checkedCount('limit', options.limit),
    });
  }

  async countDocuments(
    filter: Filter<T>,
    options: Pick<CountDocumentsOptions, 'limit'> = {},
  ): Promise<number> {
    checkedOptions(options, ['limit']);
    const limit = checkedCount('limit', options.limit);
    return this.#reach.count(this.#name, { condition: parseFilter(filter), sort: [], skip: 0, limit });
  }

  async insertOne(
    document: OptionalUnlessRequiredId<T>,
    options: { readonly writeConcern?: { readonly j: boolean } } = {},
  ): Promise<unknown> {
    checkedOptions(options, ['writeConcern']);
    const insertion = this.#insertion(document);
    return this.#reach.write(insertion, options.writeConcern?.j);
  }

  async updateOne(filter: Filter<T>, update: UpdateFilter<T>, options: { upsert?: boolean } = {}) {
    checkedOptions(options, ['upsert']);
    return this.#reach.write(this.#update(filter, update, options.upsert === true));
  }

  async replaceOne(
    filter: Filter<T>,
    document: WithoutId<T>,
    options: { upsert?: boolean } = {},
  ): Promise<unknown> {
    checkedOptions(options, ['upsert']);
    return this.#reach.write(this.#replacement(filter, document, options.upsert === true));
  }

  async deleteOne(filter: Filter<T>): Promise<{ deletedCount: number }> {
    const removal = this.#removal(filter);
    return { deletedCount: (await this.#reach.write(removal)) ? 1 : 0 };
  }

  async deleteMany(filter: Filter<T>): Promise<{ deletedCount: number }> {
    const condition = parseFilter(filter);
    if (Object.keys(filter).length === 0)
      return { deletedCount: await this.#reach.write((writer) => writer.removeAll(this.#name)) };
    const ids: string[] = [];
    for await (const { _id } of this.#reach.walk(this.#name, { condition, sort: [], skip: 0, limit: 0 }))
      ids.push(_id as string);
    let deletedCount = 0;
    await this.#sliced(ids, (writer, id) => {
      if (writer.remove(this.#name, { condition, id, rest: true })) deletedCount++;
    });
    return { deletedCount };
  }

  async bulkWrite(
    operations: readonly AnyBulkWriteOperation<T>[],
    options: { ordered?: boolean } = {},
  ): Promise<unknown> {
    checkedOptions(options, ['ordered']);
    if (options.ordered === false) throw new UnsupportedQuery('bulkWrite is ordered');
    const writes = operations.map((operation) => this.#operation(operation));
    return this.#sliced(writes, (writer, write) => write(writer));
  }

  async #sliced<W>(items: readonly W[], work: (writer: Writer, item: W) => unknown): Promise<void> {
    for (let from = 0; from < items.length; from += SLICE) {
      if (from > 0) await nextPiece();
      const slice = items.slice(from, from + SLICE);
      const refused = await this.#reach.write((writer) => inOrder(slice, (item) => work(writer, item)));
      if (refused) throw refused.error;
    }
  }

  #operation(operation: AnyBulkWriteOperation<T>): (writer: Writer) => unknown {
    if ('replaceOne' in operation) {
      const { filter, replacement, upsert } = operation.replaceOne;
      return this.#replacement(filter, replacement, upsert === true);
    }
    if ('insertOne' in operation) return this.#insertion(operation.insertOne.document);
    if ('updateOne' in operation) {
      const { filter, update, upsert } = operation.updateOne;
      return this.#update(filter, update, upsert === true);
    }
    if ('deleteOne' in operation) return this.#removal(operation.deleteOne.filter);
    throw new UnsupportedQuery(`bulkWrite does not support ${Object.keys(operation).join(', ')}`);
  }

  #insertion(document: object | string): (writer: Writer) => void {
    const { json, text } = told(document);
    const id = checkedId(json._id);
    return (writer) => writer.insert(this.#name, id, json, text);
  }

  #replacement(filter: Filter<T>, document: object | string, upsert: boolean): (writer: Writer) => boolean {
    const target = targetOf(filter);
    const { json, text } = told(document);
    checkedReplacement(json, target.id);
    if (upsert && target.id === undefined) checkedId(json._id);
    return (writer) => writer.replace(this.#name, target, json, upsert, text);
  }

  #update(filter: Filter<T>, update: object, upsert: boolean) {
    const target = targetOf(filter);
    const changes = parseUpdate(update);
    if (upsert) checkedId(target.id);
    return (writer: Writer) => writer.update(this.#name, target, changes, upsert);
  }

  #removal(filter: Filter<T>): (writer: Writer) => boolean {
    const target = targetOf(filter);
    return (writer) => writer.remove(this.#name, target);
  }
}

/** One that comes from another thread comes as its text. */
const told = (document: object | string): { json: Json; text?: string } =>
  typeof document === 'string'
    ? { json: JSON.parse(document) as Json, text: document }
    : { json: document as Json };

/** Writes until one is refused; the ones before it stay. */
const inOrder = <W>(items: readonly W[], work: (item: W) => unknown): { error: unknown } | undefined => {
  let done = 0;
  try {
    for (const item of items) {
      work(item);
      done++;
    }
    return undefined;
  } catch (error) {
    if (done === 0 || isFailure(error)) throw error;
    return { error };
  }
};

const targetOf = (filter: object): Target => {
  const { _id, ...rest } = filter as Json;
  if (typeof _id === 'string' && Object.keys(rest).length === 0)
    return { condition: { kind: 'test', path: '_id', op: 'eq', value: _id }, id: _id, rest: false };
  const condition = parseFilter(filter);
  const id = equalities(condition).get('_id');
  return { condition, id: typeof id === 'string' ? id : undefined, rest: true };
};

class EmbeddedFound<T> implements Found<T> {
  readonly #collection: string;
  readonly #reach: Reach;
  #query: Query;

  constructor(collection: string, reach: Reach, query: Query) {
    this.#collection = collection;
    this.#reach = reach;
    this.#query = query;
  }

  sort(sort: Sort): this {
    this.#query = { ...this.#query, sort: parseSort(sort) };
    return this;
  }

  skip(count: number): this {
    this.#query = { ...this.#query, skip: checkedCount('skip', count) };
    return this;
  }

  limit(count: number): this {
    this.#query = { ...this.#query, limit: checkedCount('limit', count) };
    return this;
  }

  toArray(): Promise<T[]> {
    return this.#reach.collect(this.#collection, this.#query) as Promise<T[]>;
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return this.#reach.walk(this.#collection, this.#query) as AsyncGenerator<unknown> as AsyncGenerator<T>;
  }
}
