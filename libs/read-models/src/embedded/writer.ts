import type { Database } from '#sqlite';
import { DuplicateKey } from '../port.ts';
import type { Change, Condition } from '../subset.ts';
import { type Catalogue, insertEntry, removeEntry } from './catalogue.ts';
import { isDuplicate } from './engine.ts';
import { type Layout, placeOfMany } from './layout.ts';
import { matches } from './matching.ts';
import { rows } from './rows.ts';
import { updated, upsertBase } from './updating.ts';
import { type Encoded, encodedElements, type Json, sameEncoded } from './values.ts';

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
      const elementsOf = readOnce();
      for (const index of layout.multikey) {
        const insert = this.#database.statement(insertEntry(index));
        for (const entry of layout.entries(index, id, values, elementsOf))
          insert.run(...entry, lastInsertRowid);
      }
      return true;
    }
    const before = Object.values(old).slice(1) as Encoded[];
    const changed = values.flatMap((value, at) => (sameEncoded(before[at], value) ? [] : [at]));
    this.#database
      .statement(layout.updateOf(changed))
      .run(text, ...changed.map((at) => values[at] as Encoded), old.id!);
    const elementsOf = readOnce();
    for (const index of layout.multikey) {
      const others = index.fields.filter(({ number }) => number !== undefined && changed.includes(number));
      if (others.length === 0) continue;
      const gone = layout.entries(index, id, before, elementsOf);
      const come = layout.entries(index, id, values, elementsOf);
      // Where only the list is another, what is in both lists stays.
      const place = others.every(({ path }) => path === index.many) ? placeOfMany(index) : undefined;
      const remove = this.#database.statement(removeEntry(index));
      for (const entry of without(come, gone, place)) remove.run(...entry, old.id!);
      const insert = this.#database.statement(insertEntry(index));
      for (const entry of without(gone, come, place)) insert.run(...entry, old.id!);
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

/** Several indexes are made of the same list. */
const readOnce = (): typeof encodedElements => {
  const read = new Map<Uint8Array, Encoded[]>();
  return (list) => {
    const elements = read.get(list) ?? encodedElements(list);
    read.set(list, elements);
    return elements;
  };
};

const without = (
  others: readonly Encoded[][],
  entries: readonly Encoded[][],
  place: number | undefined,
): readonly Encoded[][] => {
  if (place === undefined) return entries;
  const known = new Set(others.map((entry) => told(entry[place] as Encoded)));
  return entries.filter((entry) => !known.has(told(entry[place] as Encoded)));
};

/** An element as no other is told; of what is neither text nor number one byte says all. */
const told = (element: Encoded): string | number => {
  if (typeof element === 'number') return element;
  return typeof element === 'string' ? `text ${element}` : `byte ${element[0]}`;
};

const withId = (id: string, document: Json, text: string): string => {
  if (document._id !== undefined) return text;
  return text === '{}' ? `{"_id":${JSON.stringify(id)}}` : `{"_id":${JSON.stringify(id)},${text.slice(1)}`;
};
