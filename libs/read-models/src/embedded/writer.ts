import type { Database } from '#sqlite';
import { DuplicateKey } from '../port.ts';
import type { Change, Condition } from '../subset.ts';
import { type Catalogue, insertEntry, removeEntry } from './catalogue.ts';
import { isDuplicate } from './engine.ts';
import type { Layout } from './layout.ts';
import { matches } from './matching.ts';
import { rows } from './rows.ts';
import { updated, upsertBase } from './updating.ts';
import { type Encoded, type Json, sameEncoded } from './values.ts';

/** Which document a write is about. `id`: the filter says it; `rest`: and more than that. */
export interface Target {
  readonly condition: Condition;
  readonly id: string | undefined;
  readonly rest: boolean;
}

/** Changes documents and their index entries, inside a transaction that somebody else began. */
export class Writer {
  readonly #database: Database;
  readonly #catalogue: Catalogue;

  constructor(database: Database, catalogue: Catalogue) {
    this.#database = database;
    this.#catalogue = catalogue;
  }

  /**
   * @param text of the document, where it is known
   * @throws DuplicateKey
   */
  insert(collection: string, id: string, document: Json, text = JSON.stringify(document)): void {
    this.#store('insert', collection, id, text, document);
  }

  /** True when a document was replaced or, on `upsert`, inserted. */
  replace(
    collection: string,
    target: Target,
    document: Json,
    upsert: boolean,
    text = JSON.stringify(document),
  ): boolean {
    if (target.id !== undefined && !target.rest) {
      const whole = withId(target.id, document, text);
      return this.#store(upsert ? 'upsert' : 'update', collection, target.id, whole, document);
    }
    const found = this.find(collection, target);
    const id = found ? (found._id as string) : (target.id ?? (document._id as string));
    if (!found && !upsert) return false;
    return this.#store(found ? 'update' : 'insert', collection, id, withId(id, document, text), document);
  }

  update(collection: string, target: Target, changes: readonly Change[], upsert: boolean) {
    const found = this.find(collection, target);
    if (!found && !upsert) return { matchedCount: 0, modifiedCount: 0, upsertedCount: 0 };
    const document = updated(found ?? upsertBase(target.condition), changes, !found);
    const id = document._id as string;
    const text = JSON.stringify(document);
    if (!found) {
      this.#store('insert', collection, id, text, document);
      return { matchedCount: 0, modifiedCount: 0, upsertedCount: 1 };
    }
    const changed = text !== JSON.stringify(found);
    if (changed) this.#store('update', collection, id, text, document);
    return { matchedCount: 1, modifiedCount: changed ? 1 : 0, upsertedCount: 0 };
  }

  /** True when there was one. */
  remove(collection: string, target: Target): boolean {
    const layout = this.#catalogue.layouts.get(collection);
    if (!layout) return false;
    const id = target.rest || target.id === undefined ? this.find(collection, target)?._id : target.id;
    if (id === undefined) return false;
    if (layout.multikey.length > 0) {
      const old = this.#database.statement(layout.sql.keys).get(id as string);
      if (!old) return false;
      this.#removeEntries(layout, id as string, old.id as number, Object.values(old).slice(1) as Encoded[]);
    }
    return this.#database.statement(layout.sql.remove).run(id as string).changes === 1;
  }

  removeAll(collection: string): number {
    const layout = this.#catalogue.layouts.get(collection);
    return layout ? this.#catalogue.empty(layout) : 0;
  }

  find(collection: string, { condition, id }: Target): Json | undefined {
    const layout = this.#catalogue.layouts.get(collection);
    if (!layout) return undefined;
    if (id !== undefined) {
      const row = this.#database.statement(layout.sql.text).get(id);
      const document = row && (JSON.parse(row.doc as string) as Json);
      return document && matches(condition, document) ? document : undefined;
    }
    for (const document of rows(this.#database, layout, { condition, sort: [], skip: 0, limit: 1 }))
      if (document) return document;
    return undefined;
  }

  #store(
    mode: 'insert' | 'upsert' | 'update',
    collection: string,
    id: string,
    text: string,
    document: Json,
  ): boolean {
    let layout = this.#catalogue.layouts.get(collection) ?? this.#catalogue.ensure(collection);
    const values = layout.encode(document);
    const many = layout.newlyMany(values);
    if (many.length > 0) layout = this.#catalogue.makeMany(collection, many);
    try {
      if (layout.multikey.length === 0) return this.#storeRow(layout.sql[mode], mode, id, text, values);
      if (!layout.refusable) return this.#storeWithEntries(layout, mode, id, text, values);
      return this.#undoable(() => this.#storeWithEntries(layout, mode, id, text, values));
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      throw new DuplicateKey(`${collection} has another document with the same unique fields as ${id}`, {
        cause: error,
      });
    }
  }

  #storeRow(
    sql: string,
    mode: 'insert' | 'upsert' | 'update',
    id: string,
    text: string,
    values: readonly Encoded[],
  ): boolean {
    const statement = this.#database.statement(sql);
    if (mode === 'update') return statement.run(text, ...values, id).changes === 1;
    statement.run(id, text, ...values);
    return true;
  }

  #storeWithEntries(
    layout: Layout,
    mode: 'insert' | 'upsert' | 'update',
    id: string,
    text: string,
    values: readonly Encoded[],
  ): boolean {
    const old = mode === 'insert' ? undefined : this.#database.statement(layout.sql.keys).get(id);
    if (!old) {
      if (mode === 'update') return false;
      const { lastInsertRowid } = this.#database.statement(layout.sql.insert).run(id, text, ...values);
      for (const index of layout.multikey) {
        const insert = this.#database.statement(insertEntry(index));
        for (const entry of layout.entries(index, id, values)) insert.run(...entry, lastInsertRowid);
      }
      return true;
    }
    const before = Object.values(old).slice(1) as Encoded[];
    this.#database.statement(layout.sql.update).run(text, ...values, id);
    for (const index of layout.multikey) {
      if (layout.columnsOf(index).every((at) => sameEncoded(before[at], values[at]))) continue;
      const gone = byContent(layout.entries(index, id, before));
      const come = byContent(layout.entries(index, id, values));
      const remove = this.#database.statement(removeEntry(index));
      for (const [content, entry] of gone) if (!come.has(content)) remove.run(...entry, old.id!);
      const insert = this.#database.statement(insertEntry(index));
      for (const [content, entry] of come) if (!gone.has(content)) insert.run(...entry, old.id!);
    }
    return true;
  }

  #removeEntries(layout: Layout, id: string, row: number, values: readonly Encoded[]): void {
    for (const index of layout.multikey) {
      const remove = this.#database.statement(removeEntry(index));
      for (const entry of layout.entries(index, id, values)) remove.run(...entry, row);
    }
  }

  #undoable<T>(work: () => T): T {
    this.#database.statement('SAVEPOINT document').run();
    try {
      return work();
    } catch (error) {
      this.#database.statement('ROLLBACK TO document').run();
      throw error;
    } finally {
      this.#database.statement('RELEASE document').run();
    }
  }
}

/** By a text that no two entries share. */
const byContent = (entries: readonly Encoded[][]): ReadonlyMap<string, Encoded[]> =>
  new Map(entries.map((entry) => [JSON.stringify(entry.map(told)), entry]));

/** Nothing (minus infinity) is no number of JSON, and bytes are none of its texts. */
const told = (value: Encoded): string | number | readonly [string] => {
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('hex')];
  return Number.isFinite(value) || typeof value === 'string' ? value : [String(value)];
};

const withId = (id: string, document: Json, text: string): string => {
  if (document._id !== undefined) return text;
  return text === '{}' ? `{"_id":${JSON.stringify(id)}}` : `{"_id":${JSON.stringify(id)},${text.slice(1)}`;
};
