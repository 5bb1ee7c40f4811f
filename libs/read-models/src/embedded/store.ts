import { setImmediate as nextTurn } from 'node:timers/promises';
import type { IndexSpec } from '#kernel';
import { Database, type DatabaseOptions, GroupCommit, StorageFailure } from '#sqlite';
import type { Collection, DocumentStore, Documents, StoredDocument, UniqueIndex } from '../port.ts';
import { DuplicateKey } from '../port.ts';
import { Catalogue } from './catalogue.ts';
import { EmbeddedCollection, type Reach } from './collection.ts';
import { guarded, isDuplicate, isFailure, told } from './engine.ts';
import type { Layout, StoredIndex } from './layout.ts';
import { byId, countIn, type Query, rows } from './rows.ts';
import { TransactionReach } from './transaction.ts';
import type { Json } from './values.ts';
import { Writer } from './writer.ts';

/** Rows a long read looks at in one turn of the event loop. */
const SLICE = 500;
/** Rows a read may look at before it becomes a long one, on a connection of its own. */
const FIRST = 1_000;
/** Connections kept open for long reads. */
const IDLE_WALKERS = 2;

type Layouts = ReadonlyMap<string, Layout>;

/**
 * Documents as JSON text in one SQLite file, with index columns beside them.
 *
 * One connection writes; it answers reads too, and everything it shows is committed, because writes of one turn are
 * one transaction that begins and ends within the turn. While a `transaction` is open across turns, other writes
 * wait for it and other reads go to a second connection, which sees only what is committed.
 */
export class EmbeddedDocuments implements DocumentStore {
  readonly transactional = true;
  readonly #path: string;
  readonly #options: DatabaseOptions;
  readonly #database: Database;
  readonly #catalogue: Catalogue;
  readonly #writer: Writer;
  readonly #group: GroupCommit;
  readonly #walkers: Database[] = [];
  #reader: Database | undefined;
  /** Settles when the open transaction ends. */
  #open: Promise<void> | undefined;
  /** The collections as committed, while a transaction may be changing them. */
  #committed: Layouts | undefined;
  #closed = false;

  constructor(path: string, options: DatabaseOptions) {
    this.#path = path;
    this.#options = options;
    this.#database = openMapped(path, options);
    this.#catalogue = new Catalogue(this.#database);
    this.#writer = new Writer(this.#database, this.#catalogue);
    this.#group = new GroupCommit(this.#database);
  }

  collection<T extends StoredDocument>(name: string): Collection<T> {
    return new EmbeddedCollection<T>(name, this.#direct);
  }

  readonly #direct: Reach = {
    get: async (collection, id) => {
      const { database, layouts } = this.#reading();
      return byId(database, layouts.get(collection), id);
    },
    collect: async (collection, query) => {
      const first = this.#firstRows(collection, query);
      if (first) return first;
      const found: Json[] = [];
      for await (const document of this.#walk(collection, query)) found.push(document);
      return found;
    },
    walk: (collection, query) => this.#walk(collection, query),
    count: async (collection, query) => {
      const { database, layouts } = this.#reading();
      const counted = countIn(database, layouts.get(collection), query);
      if (counted !== undefined) return counted;
      let count = 0;
      for await (const _document of this.#walk(collection, query)) count++;
      return count;
    },
    write: async (work) => {
      while (this.#open) await this.#open;
      this.#mustBeOpen();
      const outcome = await this.#grouped(() => work(this.#writer));
      if ('error' in outcome) throw outcome.error;
      return outcome.value;
    },
  };

  async #grouped<R>(work: () => R): Promise<{ value: R } | { error: unknown }> {
    try {
      return await this.#group.run(() => {
        try {
          return { value: work() };
        } catch (error) {
          if (isFailure(error)) throw error;
          return { error };
        }
      });
    } catch (error) {
      this.#catalogue.load();
      throw told(error);
    }
  }

  #reading(): { readonly database: Database; readonly layouts: Layouts } {
    this.#mustBeOpen();
    if (!this.#committed) return { database: this.#database, layouts: this.#catalogue.layouts };
    this.#reader ??= this.#openReader();
    return { database: this.#reader, layouts: this.#committed };
  }

  #openReader(): Database {
    const reader = openMapped(this.#path, this.#options);
    reader.run('PRAGMA query_only=ON');
    return reader;
  }

  /** All rows of a query that needs no second turn; undefined for a longer one. */
  #firstRows(collection: string, query: Query): Json[] | undefined {
    const { database, layouts } = this.#reading();
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
  }

  /** On a connection of its own, so that all of it shows one moment, and no other read sees that moment. */
  async *#walk(collection: string, query: Query): AsyncGenerator<Json> {
    const first = this.#firstRows(collection, query);
    if (first) return yield* first;
    const layout = this.#reading().layouts.get(collection)!;
    const database = this.#walkers.pop() ?? this.#openReader();
    const walk = rows(database, layout, query);
    try {
      for (let seen = 1; ; seen++) {
        const { done, value } = guarded(() => walk.next());
        if (done) return;
        if (value) yield value;
        if (seen % SLICE === 0) await nextTurn();
      }
    } finally {
      walk.return(undefined);
      if (this.#closed || this.#walkers.length >= IDLE_WALKERS) database.close();
      else this.#walkers.push(database);
    }
  }

  async transaction<R>(work: (documents: Documents) => Promise<R>): Promise<R> {
    return this.#exclusively(async () => {
      const reach = new TransactionReach(this.#database, this.#catalogue, this.#writer);
      try {
        const result = await work({ collection: (name) => new EmbeddedCollection(name, reach) });
        reach.mustHaveSucceeded();
        return result;
      } finally {
        reach.end();
      }
    });
  }

  /** Holds the writing connection across turns; all or nothing. */
  async #exclusively<R>(work: () => Promise<R>): Promise<R> {
    while (this.#open) await this.#open;
    this.#mustBeOpen();
    this.#group.flush();
    const ended = Promise.withResolvers<void>();
    this.#open = ended.promise;
    this.#committed = this.#catalogue.snapshot();
    try {
      this.#database.statement('BEGIN IMMEDIATE').run();
      const result = await work();
      this.#database.statement('COMMIT').run();
      return result;
    } catch (error) {
      this.#rollback();
      this.#catalogue.load();
      throw told(error);
    } finally {
      this.#open = undefined;
      this.#committed = undefined;
      ended.resolve();
    }
  }

  #rollback(): void {
    try {
      this.#database.statement('ROLLBACK').run();
    } catch {
      // Disk full and input/output errors end the transaction by themselves.
    }
  }

  async ensureIndexes(collection: string, indexes: readonly (IndexSpec | UniqueIndex)[]): Promise<void> {
    const wanted = indexes.map(indexOf).filter(({ fields }) => fields.some(([path]) => path !== '_id'));
    const missing = (): StoredIndexWish[] => {
      const existing = this.#catalogue.layouts.get(collection)?.stored.indexes ?? [];
      return wanted.filter((wish) => !existing.some((index) => isSame(index, wish)));
    };
    while (this.#open) await this.#open;
    if (missing().length === 0 && this.#catalogue.layouts.has(collection)) return;
    await this.#exclusively(async () => {
      try {
        for (const _slice of this.#catalogue.addIndexes(collection, missing())) await nextTurn();
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        throw new DuplicateKey(`${collection} has documents that a unique index would refuse`, {
          cause: error,
        });
      }
    });
  }

  async names(): Promise<string[]> {
    return [...this.#reading().layouts.keys()].sort();
  }

  async drop(collection: string): Promise<void> {
    await this.#direct.write(() => this.#catalogue.drop(collection));
  }

  async health(): Promise<{ ok: boolean; detail?: string }> {
    try {
      this.#reading().database.statement('SELECT count(*) FROM catalogue').get();
      return { ok: true };
    } catch (error) {
      return { ok: false, detail: `The document file does not answer: ${(error as Error).message}` };
    }
  }

  async close(): Promise<void> {
    while (this.#open) await this.#open;
    if (this.#closed) return;
    this.#group.flush();
    this.#closed = true;
    for (const walker of this.#walkers.splice(0)) walker.close();
    this.#reader?.close();
    this.#database.close();
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new StorageFailure('the document store is closed');
  }
}

/**
 * Pages are read from a mapping of the file: a page of documents that lie apart costs a tenth of what it costs with
 * one system call for each. What is mapped is the system's cache, not the process's own memory.
 */
const openMapped = (path: string, options: DatabaseOptions): Database => {
  const database = Database.open(path, options);
  database.run('PRAGMA mmap_size=1073741824');
  return database;
};

type StoredIndexWish = Omit<StoredIndex, 'number'>;

const indexOf = (index: IndexSpec | UniqueIndex): StoredIndexWish => {
  const unique = 'unique' in index && typeof index.unique === 'object';
  const spec = (unique ? index.unique : index) as IndexSpec;
  return { unique, fields: Object.entries(spec) };
};

const isSame = (a: StoredIndexWish, b: StoredIndexWish): boolean =>
  a.unique === b.unique && JSON.stringify(a.fields) === JSON.stringify(b.fields);
