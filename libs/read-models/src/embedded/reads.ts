import { nextPiece } from '#clock';
import { type Database, StorageFailure } from '#sqlite';
import type { Reach } from './collection.ts';
import { guarded } from './engine.ts';
import type { Layout } from './layout.ts';
import { byId, countIn, type Query, rows } from './rows.ts';
import type { Json } from './values.ts';

/** Rows a long read looks at in one turn of the event loop. */
const SLICE = 500;
/** Rows a read may look at before it becomes a long one, on a connection of its own. */
const FIRST = 1_000;
/** Connections kept open for long reads. */
const IDLE_WALKERS = 2;

export type Layouts = ReadonlyMap<string, Layout>;

/** A connection that shows what is committed, and the collections as they are there. */
export interface View {
  readonly database: Database;
  readonly layouts: Layouts;
}

/** Reads of committed documents, the long ones on connections of their own. */
export class Reads implements Omit<Reach, 'write'> {
  readonly #view: () => View;
  readonly #open: () => Database;
  /** True: the collections have changed since the view was taken. */
  readonly #changed: () => boolean;
  readonly #walkers: Database[] = [];
  #closed = false;

  constructor(view: () => View, open: () => Database, changed: () => boolean = () => false) {
    this.#view = view;
    this.#open = open;
    this.#changed = changed;
  }

  async get(collection: string, id: string): Promise<Json | undefined> {
    return this.#seen(({ database, layouts }) => byId(database, layouts.get(collection), id));
  }

  async collect(collection: string, query: Query): Promise<Json[]> {
    const first = this.#firstRows(collection, query);
    if (first) return first;
    const found: Json[] = [];
    for await (const document of this.walk(collection, query)) found.push(document);
    return found;
  }

  async count(collection: string, query: Query): Promise<number> {
    const counted = this.#seen(({ database, layouts }) => countIn(database, layouts.get(collection), query));
    if (counted !== undefined) return counted;
    let count = 0;
    for await (const _document of this.walk(collection, query)) count++;
    return count;
  }

  /** Somebody else may have changed the collections just now: what failed because of that is asked once more. */
  #seen<R>(read: (view: View) => R): R {
    try {
      return read(this.#view());
    } catch (error) {
      if (!(error instanceof StorageFailure && this.#changed())) throw error;
      return read(this.#view());
    }
  }

  /** All rows of a query that needs no second turn; undefined for a longer one. */
  #firstRows(collection: string, query: Query): Json[] | undefined {
    return this.#seen(({ database, layouts }) => {
      const layout = layouts.get(collection);
      if (!layout) return [];
      return guarded(() => {
        const found: Json[] = [];
        let seen = 0;
        for (const document of rows(database, layout, query)) {
          if (document) found.push(document);
          if (++seen > FIRST) return undefined;
        }
        return found;
      });
    });
  }

  /** On a connection of its own, so that all of it shows one moment, and no other read sees that moment. */
  async *walk(collection: string, query: Query): AsyncGenerator<Json> {
    const first = this.#firstRows(collection, query);
    if (first) return yield* first;
    const layout = this.#view().layouts.get(collection)!;
    const database = this.#walkers.pop() ?? this.#open();
    const walk = rows(database, layout, query);
    try {
      for (let seen = 1; ; seen++) {
        const { done, value } = guarded(() => walk.next());
        if (done) return;
        if (value) yield value;
        if (seen % SLICE === 0) await nextPiece();
      }
    } finally {
      walk.return(undefined);
      if (this.#closed || this.#walkers.length >= IDLE_WALKERS) database.close();
      else this.#walkers.push(database);
    }
  }

  close(): void {
    this.#closed = true;
    for (const walker of this.#walkers.splice(0)) walker.close();
  }
}
