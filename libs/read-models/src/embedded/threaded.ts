import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import type { IndexSpec } from '#kernel';
import { Database, type DatabaseOptions, StorageFailure, startThread } from '#sqlite';
import type { Collection, DocumentStore, Documents, StoredDocument, UniqueIndex } from '../port.ts';
import { UnsupportedQuery } from '../port.ts';
import { layoutsIn } from './catalogue.ts';
import { EmbeddedCollection, type Reach } from './collection.ts';
import { guarded } from './engine.ts';
import { type Order, type Reply, unpacked } from './messages.ts';
import { collectionOf, Within } from './ordered.ts';
import { type Layouts, Reads, type View } from './reads.ts';

/** What is written soon is garbage: room for more is taken, kept and not needed. */
const YOUNG_MIB = 12;

type Wait = { readonly resolve: (value: never) => void; readonly reject: (error: Error) => void };

/**
 * The same file and the same promises as `EmbeddedDocuments`; what is written is written by a thread of its own, and
 * this one only reads what is committed. A writer whose documents can be made again (read models) so costs the thread
 * that answers callers little more than the messages.
 */
export class ThreadedDocuments implements DocumentStore {
  readonly transactional = true;
  readonly #worker: Worker;
  readonly #database: Database;
  readonly #reads: Reads;
  readonly #reach: Reach;
  readonly #waiting = new Map<number, Wait>();
  #last = 0;
  #layouts: Layouts;
  #layoutVersion = 0;
  #seenVersion = 0;
  /** Settles when the open transaction ends. */
  #open: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  /** Why the thread has ended. */
  #over: StorageFailure | undefined;
  readonly #died: (error: Error) => void;

  /**
   * @param died called when the thread ends although nobody has closed the store; nothing can be written any more.
   * @throws UnusableFile
   */
  static async open(
    path: string,
    options: DatabaseOptions,
    died: (error: Error) => void,
  ): Promise<ThreadedDocuments> {
    const worker = startThread('./thread', import.meta.url, {
      name: 'documents',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
      workerData: { path, options },
    });
    const [{ error }] = (await once(worker, 'message')) as [Reply];
    if (error) {
      await worker.terminate();
      throw unpacked(error);
    }
    return new ThreadedDocuments(path, worker, died);
  }

  private constructor(path: string, worker: Worker, died: (error: Error) => void) {
    this.#worker = worker;
    this.#database = Database.reader(path);
    this.#layouts = layoutsIn(this.#database);
    this.#reads = new Reads(
      () => this.#view(),
      () => Database.reader(path),
      () => this.#refreshed(),
    );
    this.#reach = {
      get: (collection, id) => this.#reads.get(collection, id),
      collect: (collection, query) => this.#reads.collect(collection, query),
      walk: (collection, query) => this.#reads.walk(collection, query),
      count: (collection, query) => this.#reads.count(collection, query),
      write: () => Promise.reject(new TypeError('this thread does not write')),
    };
    worker.on('message', (reply: Reply) => this.#answered(reply));
    worker.on('error', (error) => this.#ended(error as Error));
    worker.on('exit', () => this.#ended(new StorageFailure('the thread that writes documents has ended')));
    this.#died = died;
  }

  #answered({ id, value, error, layoutVersion }: Reply): void {
    this.#layoutVersion = layoutVersion;
    const wait = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) wait?.reject(unpacked(error));
    else wait?.resolve(value as never);
  }

  #ended(error: Error): void {
    this.#over ??= new StorageFailure(error.message);
    for (const { reject } of this.#waiting.values()) reject(this.#over);
    this.#waiting.clear();
    if (this.#closed) return;
    this.#closed = Promise.resolve();
    this.#endReading();
    this.#died(error);
  }

  #order<R>(order: Order): Promise<R> {
    if (this.#over) throw this.#over;
    const id = ++this.#last;
    try {
      this.#worker.postMessage({ ...order, id });
    } catch (error) {
      throw new UnsupportedQuery(`a document holds what no file can keep: ${(error as Error).message}`);
    }
    return new Promise<R>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #view(): View {
    this.#mustBeOpen();
    if (this.#seenVersion !== this.#layoutVersion) this.#refreshed();
    return { database: this.#database, layouts: this.#layouts };
  }

  /** @returns whether the collections are not those of before */
  #refreshed(): boolean {
    if (this.#closed) return false;
    this.#seenVersion = this.#layoutVersion;
    const before = [...this.#layouts.values()].map(({ stored }) => stored);
    this.#layouts = guarded(() => layoutsIn(this.#database));
    const now = [...this.#layouts.values()].map(({ stored }) => stored);
    return JSON.stringify(before) !== JSON.stringify(now);
  }

  collection<T extends StoredDocument>(name: string): Collection<T> {
    return collectionOf<T>(name, {
      reading: () => new EmbeddedCollection<T>(name, this.#reach),
      write: (call) => this.#alone(() => this.#order({ kind: 'call', call })),
    });
  }

  /** One writer at a time: what a transaction has read must not change before it writes. */
  async #alone<R>(work: () => Promise<R>): Promise<R> {
    while (this.#open) await this.#open;
    this.#mustBeOpen();
    const done = Promise.withResolvers<void>();
    this.#open = done.promise;
    try {
      return await work();
    } finally {
      this.#open = undefined;
      done.resolve();
    }
  }

  async transaction<R>(work: (documents: Documents) => Promise<R>): Promise<R> {
    return this.#alone(async () => {
      const within = new Within((order) => this.#order(order));
      try {
        const result = await work({
          collection: <T extends StoredDocument>(name: string) =>
            collectionOf<T>(name, {
              reading: () =>
                within.hasWritten(name) ? undefined : new EmbeddedCollection<T>(name, this.#reach),
              write: (call) => within.write(call),
            }),
        });
        await within.commit();
        return result;
      } catch (error) {
        await within.rollback();
        throw error;
      }
    });
  }

  ensureIndexes(
    collection: string,
    indexes: readonly (IndexSpec | UniqueIndex)[],
    options: { readonly later?: boolean } = {},
  ): Promise<void> {
    return this.#alone(() => this.#order({ kind: 'ensureIndexes', collection, indexes, options }));
  }

  scrub(): Promise<void> {
    return this.#alone(() => this.#order({ kind: 'scrub' }));
  }

  async names(): Promise<string[]> {
    return [...this.#view().layouts.keys()].sort();
  }

  drop(collection: string): Promise<void> {
    return this.#alone(() => this.#order({ kind: 'drop', collection }));
  }

  async health(): Promise<{ ok: boolean; detail?: string }> {
    try {
      this.#view().database.statement('SELECT count(*) FROM catalogue').get();
      return { ok: true };
    } catch (error) {
      return { ok: false, detail: `The document file does not answer: ${(error as Error).message}` };
    }
  }

  async close(): Promise<void> {
    while (this.#open) await this.#open;
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async #close(): Promise<void> {
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#endReading();
    await this.#order({ kind: 'close' });
    await exited;
  }

  #endReading(): void {
    this.#reads.close();
    this.#database.close();
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new StorageFailure('the document store is closed');
  }
}
