import type { Database } from '#sqlite';
import { entriesOfAll, escapedLists } from './entries.ts';
import type { Index } from './layout.ts';
import { Layout, refuseParallelArrays, type StoredIndex, type StoredLayout } from './layout.ts';
import type { Encoded, Json } from './values.ts';

const CREATE =
  'CREATE TABLE IF NOT EXISTS catalogue(name TEXT PRIMARY KEY, layout TEXT NOT NULL) WITHOUT ROWID';
const SLICE = 500;

/** Which collections, columns and indexes the file has. All changes happen inside the caller's transaction. */
export class Catalogue {
  readonly #database: Database;
  #layouts = new Map<string, Layout>();
  #version = 0;

  constructor(database: Database) {
    this.#database = database;
    database.transaction(() => database.run(CREATE));
    this.load();
  }

  /** Reads the file's own state again, after a transaction was rolled back. */
  load(): void {
    this.#version++;
    this.#layouts = layoutsIn(this.#database);
  }

  /** Another number after every change. */
  get version(): number {
    return this.#version;
  }

  /** As it is now; later changes do not show. */
  snapshot(): ReadonlyMap<string, Layout> {
    return new Map(this.#layouts);
  }

  get layouts(): ReadonlyMap<string, Layout> {
    return this.#layouts;
  }

  /** The collection's layout; an absent collection is created. */
  ensure(name: string): Layout {
    return this.#layouts.get(name) ?? this.#create(name, []);
  }

  #create(name: string, paths: readonly string[]): Layout {
    const numbers = [...this.#layouts.values()].map(({ stored }) => stored.table);
    const layout = this.#keep(name, { table: Math.max(0, ...numbers) + 1, paths, many: [], indexes: [] });
    this.#database.run(layout.tableDefinition());
    return layout;
  }

  drop(name: string): void {
    const layout = this.#layouts.get(name);
    if (!layout) return;
    for (const { entries } of layout.multikey) this.#database.run(`DROP TABLE ${entries}`);
    this.#database.run(`DROP TABLE ${layout.table}`);
    this.#database.statement('DELETE FROM catalogue WHERE name=?').run(name);
    this.#layouts.delete(name);
    this.#version++;
  }

  /** Removes all documents; the indexes stay. */
  empty(layout: Layout): number {
    for (const { entries } of layout.multikey) this.#database.statement(`DELETE FROM ${entries}`).run();
    return Number(this.#database.statement(`DELETE FROM ${layout.table}`).run().changes);
  }

  /** Some documents have arrays at these paths: their indexes get a row for each element. */
  makeMany(name: string, paths: readonly string[]): Layout {
    const before = this.#layouts.get(name)!;
    const stored = { ...before.stored, many: [...before.stored.many, ...paths] };
    refuseParallelArrays(stored);
    const layout = this.#keep(name, stored);
    for (const [at, index] of layout.indexes.entries()) {
      if (!index.entries || before.indexes[at]!.entries) continue;
      this.#database.run(before.indexRemoval(before.indexes[at]!));
      this.#database.run(layout.indexDefinition(index));
      this.#fill(layout, index);
    }
    return layout;
  }

  /** Adds columns for paths; pauses between slices of the documents already there. */
  *addColumns(name: string, paths: readonly string[]): Generator<void> {
    const layout = this.#layouts.get(name);
    const known = new Set(layout?.stored.paths);
    const added = [...new Set(paths)].filter((path) => path !== '_id' && !known.has(path));
    if (!layout) this.#create(name, added);
    if (!layout || added.length === 0) return;
    const first = layout.stored.paths.length;
    const wider = this.#keep(name, { ...layout.stored, paths: [...layout.stored.paths, ...added] });
    for (const at of added.keys()) this.#database.run(`ALTER TABLE ${wider.table} ADD COLUMN k${first + at}`);
    yield* this.#fillColumns(name, first);
  }

  /** Adds an index over columns that are there. */
  addIndex(name: string, wish: Omit<StoredIndex, 'number'>): void {
    const before = this.ensure(name);
    const number = Math.max(0, ...before.stored.indexes.map((index) => index.number)) + 1;
    const stored = { ...before.stored, indexes: [...before.stored.indexes, { ...wish, number }] };
    refuseParallelArrays(stored);
    const layout = this.#keep(name, stored);
    const index = layout.indexes.at(-1)!;
    this.#database.run(layout.indexDefinition(index));
    if (index.entries) this.#fill(layout, index);
  }

  *#fillColumns(name: string, first: number): Generator<void> {
    let layout = this.#layouts.get(name)!;
    const sets = layout.stored.paths.slice(first).map((_, at) => `k${first + at}=?`);
    const update = this.#database.statement(`UPDATE ${layout.table} SET ${sets} WHERE rowid=?`);
    for (const rows of this.#slices(layout)) {
      for (const row of rows) {
        const values = layout.encode(JSON.parse(row.doc as string) as Json);
        const many = layout.newlyMany(values);
        if (many.length > 0) layout = this.makeMany(name, many);
        update.run(...values.slice(first), row.id!);
      }
      yield;
    }
  }

  /** Written in their order: entries that come by chance cost many times as much. */
  #fill(layout: Layout, index: Index): void {
    this.#database.run(entriesOfAll(layout, index));
    const insert = this.#database.statement(insertEntry(index));
    const columns = layout.stored.paths.map((_, number) => `k${number}`);
    for (const row of this.#database.statement(escapedLists(layout, index)).all()) {
      const values = columns.map((column) => row[column] as Encoded);
      for (const entry of layout.entries(index, row._id as string, values)) insert.run(...entry, row.id!);
    }
  }

  *#slices(layout: Layout) {
    const sql = `SELECT rowid AS id, doc FROM ${layout.table} WHERE rowid>? ORDER BY rowid LIMIT ${SLICE}`;
    for (let after = 0; ; ) {
      const rows = this.#database.statement(sql).all(after);
      if (rows.length === 0) return;
      yield rows;
      after = rows.at(-1)!.id as number;
    }
  }

  #keep(name: string, stored: StoredLayout): Layout {
    const layout = new Layout(stored);
    this.#database
      .statement('INSERT INTO catalogue VALUES (?,?) ON CONFLICT(name) DO UPDATE SET layout=excluded.layout')
      .run(name, JSON.stringify(stored));
    this.#layouts.set(name, layout);
    this.#version++;
    return layout;
  }
}

/** The collections as a file's connection shows them. */
export const layoutsIn = (database: Database): Map<string, Layout> =>
  new Map(
    database
      .statement('SELECT name, layout FROM catalogue')
      .all()
      .map((row) => [row.name as string, new Layout(JSON.parse(row.layout as string))]),
  );

export const insertEntry = (index: Index, table = index.entries): string =>
  `INSERT INTO ${table} VALUES (${'?,'.repeat(index.fields.length)}?)`;

export const removeEntry = (index: Index): string =>
  `DELETE FROM ${index.entries} WHERE ${index.fields.map(({ column }) => `${column}=? AND `).join('')}id=?`;
