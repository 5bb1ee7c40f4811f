import { type Encoded, encodeAt, encodedElements, isList, type Json } from './values.ts';

/** What the catalogue keeps of one collection. */
export interface StoredLayout {
  readonly table: number;
  /** Paths with an index column; the place in the list is the column's number. */
  readonly paths: readonly string[];
  /** Those of them where some document had an array. */
  readonly many: readonly string[];
  readonly indexes: readonly StoredIndex[];
}

export interface StoredIndex {
  readonly number: number;
  readonly unique: boolean;
  readonly fields: readonly (readonly [path: string, direction: 1 | -1])[];
}

export interface IndexField {
  readonly path: string;
  readonly column: string;
  /** Of the column; absent: it is the document's id. */
  readonly number?: number;
  readonly direction: 1 | -1;
}

/**
 * An index over scalar columns is an SQL index of the collection's table. One that holds a path with arrays is a
 * table of its own with a row for each element (MongoDB: a multikey index); `entries` is its name then.
 */
export interface Index {
  readonly name: string;
  readonly unique: boolean;
  readonly fields: readonly IndexField[];
  readonly entries?: string;
  readonly many?: string;
}

/** The tables, columns and statements of one collection. Never changed: a change makes the next one. */
export class Layout {
  readonly stored: StoredLayout;
  readonly table: string;
  readonly indexes: readonly Index[];
  readonly multikey: readonly Index[];
  /** A write to an entries table can be refused after the document was written. */
  readonly refusable: boolean;
  readonly sql: {
    readonly insert: string;
    readonly upsert: string;
    readonly update: string;
    readonly remove: string;
    readonly keys: string;
    readonly text: string;
  };
  readonly #columns: readonly {
    readonly path: string;
    readonly segments: readonly string[];
    readonly many: boolean;
  }[];

  constructor(stored: StoredLayout) {
    this.stored = stored;
    this.table = `d${stored.table}`;
    this.#columns = stored.paths.map((path) => ({
      path,
      segments: path.split('.'),
      many: stored.many.includes(path),
    }));
    this.indexes = stored.indexes.map((index) => this.#index(index));
    this.multikey = this.indexes.filter(({ entries }) => entries);
    this.refusable = this.multikey.some(({ unique }) => unique);
    const columns = stored.paths.map((_, number) => `k${number}`);
    const sets = ['doc', ...columns];
    const insert = `INSERT INTO ${this.table}(_id,${sets}) VALUES (?${',?'.repeat(sets.length)})`;
    this.sql = {
      insert,
      upsert: `${insert} ON CONFLICT(_id) DO UPDATE SET ${sets.map((name) => `${name}=excluded.${name}`)}`,
      update: `UPDATE ${this.table} SET ${sets.map((name) => `${name}=?`)} WHERE _id=?`,
      remove: `DELETE FROM ${this.table} WHERE _id=?`,
      keys: `SELECT ${['rowid AS id', ...columns]} FROM ${this.table} WHERE _id=?`,
      text: `SELECT doc FROM ${this.table} WHERE _id=?`,
    };
  }

  #index({ number, unique, fields }: StoredIndex): Index {
    const many = fields.find(([path]) => this.isMany(path))?.[0];
    const name = `${this.table}_${number}`;
    return {
      name: many ? `${name}e` : name,
      unique,
      fields: fields.map(([path, direction]) => ({
        path,
        direction,
        column: this.column(path)!,
        ...(path === '_id' ? {} : { number: this.stored.paths.indexOf(path) }),
      })),
      ...(many ? { many, entries: `${name}e` } : {}),
    };
  }

  /** Name of the column of a path, or undefined. */
  column(path: string): string | undefined {
    if (path === '_id') return '_id';
    const number = this.stored.paths.indexOf(path);
    return number < 0 ? undefined : `k${number}`;
  }

  isMany(path: string): boolean {
    return this.stored.many.includes(path);
  }

  encode(document: Json): Encoded[] {
    return this.#columns.map(({ segments }) => encodeAt(document, segments));
  }

  /** Paths where this document brings the first array. */
  newlyMany(values: readonly Encoded[]): string[] {
    return this.#columns.filter(({ many }, at) => !many && isList(values[at])).map(({ path }) => path);
  }

  /** Rows of a multikey index for one document, each list of which need be read once only. */
  entries(
    index: Index,
    id: string,
    values: readonly Encoded[],
    elementsOf: typeof encodedElements = encodedElements,
  ): Encoded[][] {
    const row = index.fields.map(({ number }) => (number === undefined ? id : values[number]!));
    const place = placeOfMany(index);
    const value = row[place];
    if (!isList(value)) return [row];
    return elementsOf(value).map((element) => row.with(place, element));
  }

  /** Indexes over none of these columns are left alone. */
  updateOf(columns: readonly number[]): string {
    return `UPDATE ${this.table} SET doc=?${columns.map((number) => `,k${number}=?`).join('')} WHERE rowid=?`;
  }

  tableDefinition(): string {
    const columns = this.stored.paths.map((_, number) => `k${number}, `).join('');
    return `CREATE TABLE ${this.table}(_id TEXT PRIMARY KEY NOT NULL, ${columns}doc TEXT NOT NULL)`;
  }

  indexDefinition(index: Index): string {
    const ordered = index.fields
      .map(({ column, direction }) => (direction === 1 ? column : `${column} DESC`))
      .join(', ');
    if (!index.entries)
      return `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX ${index.name} ON ${this.table}(${ordered})`;
    const columns = index.fields.map(({ column }) => `${column} NOT NULL, `).join('');
    const key = index.unique ? ordered : `${ordered}, id`;
    return `CREATE TABLE ${index.entries}(${columns}id INTEGER NOT NULL, PRIMARY KEY (${key})) WITHOUT ROWID`;
  }

  indexRemoval(index: Index): string {
    return index.entries ? `DROP TABLE ${index.entries}` : `DROP INDEX ${index.name}`;
  }
}

/** @throws TypeError when an index would hold two arrays of one document, as MongoDB does. */
export const refuseParallelArrays = (stored: StoredLayout): void => {
  for (const { fields } of stored.indexes)
    if (fields.filter(([path]) => stored.many.includes(path)).length > 1)
      throw new TypeError(`an index over ${fields.map(([path]) => path).join(', ')} holds two arrays`);
};

/** Where the element stands in a row of a multikey index. */
export const placeOfMany = ({ fields, many }: Index): number => fields.findIndex(({ path }) => path === many);
