import { Query } from 'mingo';
import { update as mingoUpdate } from 'mingo/updater';
import { BSON } from 'mongodb';
import type { Document } from './mongo-wire.ts';

export class CommandError extends Error {
  readonly code: number;
  readonly labels: readonly string[];
  constructor(code: number, message: string, labels: readonly string[] = []) {
    super(message);
    this.code = code;
    this.labels = labels;
  }
}

export interface Index {
  readonly name: string;
  readonly key: Document;
  readonly unique: boolean;
}

export const keyOf = (id: unknown): string =>
  typeof id === 'string' ? `s${id}` : BSON.EJSON.stringify({ id });

/** Documents by `_id`; none is ever changed in place. */
export class Collection {
  readonly documents: Map<string, Document>;
  readonly indexes: Index[];

  constructor(documents = new Map<string, Document>(), indexes: Index[] = []) {
    this.documents = documents;
    this.indexes = indexes;
  }

  copy(): Collection {
    return new Collection(new Map(this.documents), this.indexes);
  }

  find(filter: Document, sort: Document = {}): Document[] {
    const id = filter._id;
    if (typeof id === 'string') {
      const document = this.documents.get(keyOf(id));
      return document && matcher(filter)(document) ? [document] : [];
    }
    return sorted([...this.documents.values()].filter(matcher(filter)), sort);
  }

  first(filter: Document): Document | undefined {
    if (typeof filter._id === 'string') return this.find(filter)[0];
    const matches = matcher(filter);
    for (const document of this.documents.values()) if (matches(document)) return document;
    return undefined;
  }

  put(document: Document, replaces?: Document): void {
    const key = keyOf(document._id);
    if (!replaces && this.documents.has(key)) throw duplicate('_id_', { _id: document._id });
    for (const { name, key: fields, unique } of this.indexes)
      if (unique) this.#mustBeUnique(name, fields, document);
    this.documents.set(key, document);
  }

  #mustBeUnique(name: string, fields: Document, document: Document): void {
    const wanted = new Set(indexKeys(document, fields));
    for (const other of this.documents.values())
      if (keyOf(other._id) !== keyOf(document._id) && indexKeys(other, fields).some((key) => wanted.has(key)))
        throw duplicate(name, fields);
  }

  addIndex(index: Index): void {
    const same = this.indexes.find(({ name }) => name === index.name);
    if (same && same.unique === index.unique) return;
    if (same) throw new CommandError(86, `index ${index.name} exists with other options`);
    const before = [...this.documents.values()];
    this.indexes.push(index);
    try {
      if (index.unique) for (const document of before) this.#mustBeUnique(index.name, index.key, document);
    } catch (error) {
      this.indexes.pop();
      throw error;
    }
  }
}

const duplicate = (index: string, fields: Document): CommandError =>
  new CommandError(11_000, `E11000 duplicate key error index: ${index} dup key: ${JSON.stringify(fields)}`);

const indexKeys = (document: Document, fields: Document): string[] =>
  Object.keys(fields)
    .map((path) => {
      const value = valueAt(document, path) ?? null;
      return (Array.isArray(value) ? value : [value]).map((element) => JSON.stringify(element));
    })
    .reduce((keys, elements) => keys.flatMap((key) => elements.map((element) => `${key}|${element}`)), ['']);

const valueAt = (document: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((value, segment) => (value as Document | null | undefined)?.[segment], document);

/** mingo compares text by UTF-16 units, MongoDB by UTF-8 bytes: it is given the bytes as characters. */
const matcher = (filter: Document): ((document: Document) => boolean) => {
  const query = new Query(asBytes(filter) as Document);
  return (document) => query.test(bytesOf(document));
};

const bytes = new WeakMap<Document, Document>();

const bytesOf = (document: Document): Document => {
  const known = bytes.get(document);
  if (known) return known;
  const made = asBytes(document) as Document;
  bytes.set(document, made);
  return made;
};

const asBytes = (value: unknown): unknown => {
  if (typeof value === 'string') return Buffer.from(value).toString('latin1');
  if (Array.isArray(value)) return value.map(asBytes);
  if (value instanceof RegExp) return new RegExp(asBytes(value.source) as string, value.flags);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [nullKey(key, inner), asBytes(inner)]),
  );
};

/** In MongoDB "at least null" is null or missing, in mingo null alone. */
const nullKey = (key: string, value: unknown): string =>
  value === null && (key === '$gte' || key === '$lte') ? '$eq' : key;

const RANKS = ['undefined', 'number', 'string', 'object', 'boolean'];

const sorted = (documents: Document[], sort: Document): Document[] => {
  const fields = Object.entries(sort) as [string, number][];
  if (fields.length === 0) return documents;
  const compare = (a: unknown, b: unknown): number => {
    const rank = RANKS.indexOf(typeof (a ?? undefined)) - RANKS.indexOf(typeof (b ?? undefined));
    if (rank !== 0 || a === b) return rank;
    if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
    return Number(a) - Number(b) || 0;
  };
  return documents.sort((a, b) => {
    for (const [path, direction] of fields) {
      const order = compare(valueAt(a, path), valueAt(b, path));
      if (order !== 0) return order * direction;
    }
    return 0;
  });
};

/** The document after an update or a replacement. */
export const changed = (document: Document, change: Document, inserting: boolean): Document => {
  if (!Object.keys(change).some((key) => key.startsWith('$')))
    return { ...change, _id: document._id ?? change._id };
  const { $setOnInsert, ...operators } = change;
  const all: Document = { ...operators };
  if (inserting && $setOnInsert) all.$set = { ...(all.$set as Document), ...($setOnInsert as Document) };
  for (const [operator, fields] of Object.entries(all))
    for (const path of Object.keys(fields as Document)) mustFit(document, operator, path);
  const next: Document = BSON.deserialize(BSON.serialize(document));
  if (Object.keys(all).length > 0) mingoUpdate(next as never, all as never);
  if (keyOf(next._id) !== keyOf(document._id)) throw new CommandError(66, 'the _id is immutable');
  return next;
};

/** mingo passes over these in silence; a server refuses them. */
const mustFit = (document: Document, operator: string, path: string): void => {
  let place: unknown = document;
  for (const segment of path.split('.')) {
    if (place === undefined) return;
    const leads = Array.isArray(place) ? /^\d+$/.test(segment) : typeof place === 'object' && place !== null;
    if (!leads) {
      if (operator === '$unset') return;
      throw new CommandError(28, `cannot create field '${segment}' in an element of ${path}`);
    }
    place = (place as Document)[segment];
  }
  if (place === undefined) return;
  if (operator === '$inc' && typeof place !== 'number')
    throw new CommandError(14, `cannot increment ${path}`);
  if (['$push', '$addToSet', '$pull'].includes(operator) && !Array.isArray(place))
    throw new CommandError(2, `${path} must be an array`);
};

/** What an upsert inserts before its update is applied: the equalities of its filter. */
export const fromFilter = (filter: Document): Document => {
  const document: Document = {};
  for (const [key, value] of Object.entries(filter)) {
    if (key === '$and') for (const part of value as Document[]) Object.assign(document, fromFilter(part));
    else if (!key.startsWith('$')) setEquality(document, key, value);
  }
  return document;
};

const setEquality = (document: Document, path: string, value: unknown): void => {
  const isOperators = typeof value === 'object' && value !== null && Object.keys(value)[0]?.startsWith('$');
  if (isOperators && !('$eq' in value)) return;
  const wanted = isOperators ? (value as Document).$eq : value;
  if (path.includes('.')) mingoUpdate(document as never, { $set: { [path]: wanted } } as never);
  else document[path] = wanted;
};
