import { setTimeout as pause } from 'node:timers/promises';
import { nextPiece } from '#clock';
import type { IndexSpec } from '#kernel';
import { Database, type DatabaseOptions, GroupCommit, StorageFailure } from '#sqlite';
import type { Collection, DocumentStore, Documents, StoredDocument, UniqueIndex } from '../port.ts';
import { DuplicateKey } from '../port.ts';
import { Catalogue } from './catalogue.ts';
import { EmbeddedCollection, type Reach } from './collection.ts';
import { guarded, isDuplicate, isFailure, told } from './engine.ts';
import type { StoredIndex } from './layout.ts';
import { type Layouts, Reads, type View } from './reads.ts';
import { TransactionReach } from './transaction.ts';
import { Writer } from './writer.ts';

const SCRUB_PATIENCE_MS = 5_000;
const TIDY_EVERY_MS = 250;
const TIDY_REST_MS = 2;
const TIDY_AT_MOST_MS = 3;

/**
 * Documents as JSON text in one SQLite file, with index columns beside them.
 *
 * One connection writes; it answers reads too, and everything it shows is committed, because writes that are collected
 * are one transaction that begins and ends within a turn. While a `transaction` is open across turns, other writes
 * wait for it and other reads go to a second connection, which sees only what is committed.
 */
export class EmbeddedDocuments implements DocumentStore {
  readonly transactional = true;
  readonly #path: string;
  readonly #database: Database;
  readonly #catalogue: Catalogue;
  readonly #writer: Writer;
  readonly #group: GroupCommit;
  readonly #reads: Reads;
  readonly #direct: Reach;
  #reader: Database | undefined;
  /** Settles when the open transaction ends. */
  #open: Promise<void> | undefined;
  /** The collections as committed, while a transaction may be changing them. */
  #committed: Layouts | undefined;
  #closed = false;

  constructor(path: string, options: DatabaseOptions) {
    this.#path = path;
    this.#database = Database.open(path, { ...options, mapped: true });
    this.#catalogue = new Catalogue(this.#database);
    this.#writer = new Writer(this.#database, this.#catalogue);
    this.#group = new GroupCommit(this.#database);
    this.#reads = new Reads(
      () => this.#reading(),
      () => Database.reader(this.#path),
    );
    this.#direct = {
      get: (collection, id) => this.#reads.get(collection, id),
      collect: (collection, query) => this.#reads.collect(collection, query),
      walk: (collection, query) => this.#reads.walk(collection, query),
      count: (collection, query) => this.#reads.count(collection, query),
      write: (work, lasting) => this.#write(work, lasting),
    };
    if (options.secureDelete) void this.#keepTidy();
  }

  /**
   * What an erasure would wait for is done while nobody waits, a little at a time and a third of the time: more at a
   * time where those who write leave it few turns.
   */
  async #keepTidy(): Promise<void> {
    for (let rest = TIDY_EVERY_MS, ended = performance.now(); ; ) {
      await pause(rest, undefined, { ref: false });
      if (this.#closed) return;
      const begun = performance.now();
      const until = begun + Math.min(TIDY_AT_MOST_MS, (begun - ended) / 3);
      let more = this.#database.tidy();
      while (more && performance.now() < until) more = this.#database.tidy();
      ended = performance.now();
      rest = more ? Math.max(TIDY_REST_MS, 2 * (ended - begun)) : TIDY_EVERY_MS;
    }
  }

  /** A little of what folding the log in would wait for. */
  settle(): void {
    if (!this.#closed && !this.#open) this.#database.settle();
  }

  /** Another number after every change of collections, columns and indexes. */
  get layoutVersion(): number {
    return this.#catalogue.version;
  }

  collection<T extends StoredDocument>(name: string): Collection<T> {
    return new EmbeddedCollection<T>(name, this.#direct);
  }

  async #write<R>(work: (writer: Writer) => R, lasting?: boolean): Promise<R> {
    while (this.#open) await this.#open;
    this.#mustBeOpen();
    const outcome = await this.#grouped(() => work(this.#writer), lasting);
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }

  async #grouped<R>(work: () => R, lasting?: boolean): Promise<{ value: R } | { error: unknown }> {
    try {
      return await this.#group.run(() => {
        try {
          return { value: work() };
        } catch (error) {
          if (isFailure(error)) throw error;
          return { error };
        }
      }, lasting);
    } catch (error) {
      this.#catalogue.load();
      throw told(error);
    }
  }

  #reading(): View {
    this.#mustBeOpen();
    if (!this.#committed) return { database: this.#database, layouts: this.#catalogue.layouts };
    this.#reader ??= Database.reader(this.#path);
    return { database: this.#reader, layouts: this.#committed };
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
      this.#database.begin();
      const result = await work();
      this.#database.commit();
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

  async ensureIndexes(
    collection: string,
    indexes: readonly (IndexSpec | UniqueIndex)[],
    { later = false }: { readonly later?: boolean } = {},
  ): Promise<void> {
    const wanted = indexes.map(indexOf).filter(({ fields }) => fields.some(([path]) => path !== '_id'));
    const missing = (): StoredIndexWish[] => {
      const existing = this.#catalogue.layouts.get(collection)?.stored.indexes ?? [];
      return wanted.filter((wish) => !existing.some((index) => isSame(index, wish)));
    };
    while (this.#open) await this.#open;
    if (missing().length === 0 && this.#catalogue.layouts.has(collection)) return;
    await this.#slowly(collection, () => this.#catalogue.addColumns(collection, pathsOf(missing())));
    // One transaction for each: other writes find their way between.
    if (!later)
      for (const wish of missing())
        await this.#slowly(collection, () => this.#catalogue.addIndex(collection, wish));
  }

  async #slowly(collection: string, work: () => Generator<void> | void): Promise<void> {
    await this.#exclusively(async () => {
      try {
        for (const _slice of work() ?? []) await nextPiece();
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

  /** Long reads hold the log's pages for as long as they last. @throws StorageFailure when one lasts too long */
  async scrub(): Promise<void> {
    for (const _slice of this.#database.sweep()) {
      await nextPiece();
      this.#mustBeOpen();
    }
    const until = performance.now() + SCRUB_PATIENCE_MS;
    for (;;) {
      while (this.#open) await this.#open;
      this.#mustBeOpen();
      this.#group.flush();
      if (guarded(() => this.#database.scrub())) return;
      if (performance.now() > until) throw new StorageFailure('the write-ahead log is being read');
      await pause(10);
    }
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
    this.#reads.close();
    this.#reader?.close();
    this.#database.close();
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new StorageFailure('the document store is closed');
  }
}

type StoredIndexWish = Omit<StoredIndex, 'number'>;

const indexOf = (index: IndexSpec | UniqueIndex): StoredIndexWish => {
  const unique = 'unique' in index && typeof index.unique === 'object';
  const spec = (unique ? index.unique : index) as IndexSpec;
  return { unique, fields: Object.entries(spec) };
};

const pathsOf = (wishes: readonly StoredIndexWish[]): string[] =>
  wishes.flatMap(({ fields }) => fields.map(([path]) => path));

const isSame = (a: StoredIndexWish, b: StoredIndexWish): boolean =>
  a.unique === b.unique && JSON.stringify(a.fields) === JSON.stringify(b.fields);
