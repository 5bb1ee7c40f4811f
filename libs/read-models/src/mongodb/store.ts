import { type Db, MongoClient, type MongoClientOptions, MongoError } from 'mongodb';
import type { IndexSpec } from '#kernel';
import type { Collection, DocumentStore, Documents, StoredDocument, UniqueIndex } from '../port.ts';
import { MongoCollection, Within } from './collection.ts';
import { answered, told } from './errors.ts';
import { inTime, TRANSACTION_MS } from './in-time.ts';

const NAMESPACE_NOT_FOUND = 26;

/** Selection 3 s, a silent server 20 s: nothing waits for ever. What is undefined is not stored, like in JSON. */
const SETTINGS: MongoClientOptions = {
  appName: 'orgledger',
  serverSelectionTimeoutMS: 3_000,
  connectTimeoutMS: 3_000,
  socketTimeoutMS: 20_000,
  ignoreUndefined: true,
  retryWrites: true,
  writeConcern: { w: 'majority' },
};

/** The address may say otherwise, except about what the contract rests on. */
const settings = (url: string): MongoClientOptions => {
  const given = [...new URLSearchParams(url.split('?')[1]).keys()].map((name) => name.toLowerCase());
  const fixed = ['ignoreUndefined', 'writeConcern', 'retryWrites'];
  return Object.fromEntries(
    Object.entries(SETTINGS).filter(([name]) => fixed.includes(name) || !given.includes(name.toLowerCase())),
  );
};

/** Documents in MongoDB: one collection for each, with a prefix before its name. */
export class MongoDocuments implements DocumentStore {
  readonly transactional: boolean;
  readonly #url: string;
  readonly #client: MongoClient;
  readonly #db: Db;
  readonly #prefix: string;

  private constructor(url: string, client: MongoClient, prefix: string, transactional: boolean) {
    this.#url = url;
    this.#client = client;
    this.#db = client.db();
    this.#prefix = prefix;
    this.transactional = transactional;
  }

  static async open(url: string, prefix: string): Promise<MongoDocuments> {
    const client = new MongoClient(url, settings(url));
    try {
      await client.connect();
      const { setName, msg } = await client.db('admin').command({ hello: 1 });
      return new MongoDocuments(url, client, prefix, setName !== undefined || msg === 'isdbgrid');
    } catch (error) {
      await client.close();
      throw told(error);
    }
  }

  collection<T extends StoredDocument>(name: string): Collection<T> {
    return this.#collection<T>(name);
  }

  #collection<T extends StoredDocument>(name: string, within?: Within): MongoCollection<T> {
    return new MongoCollection<T>(this.#db.collection<T>(this.#prefix + name), within);
  }

  /** `work` runs again when the server asks for it: after a conflict with another transaction or a step-down. */
  async transaction<R>(work: (documents: Documents) => Promise<R>): Promise<R> {
    if (!this.transactional) return work(this);
    const done = this.#client.withSession((session) =>
      session.withTransaction(
        async () => {
          const within = new Within(session);
          const result = await work({ collection: (name) => this.#collection(name, within) });
          within.mustGoOn();
          return result;
        },
        { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' }, maxCommitTimeMS: 10_000 },
      ),
    );
    return answered(inTime(TRANSACTION_MS, done));
  }

  async ensureIndexes(
    collection: string,
    indexes: readonly (IndexSpec | UniqueIndex)[],
    { later = false }: { readonly later?: boolean } = {},
  ): Promise<void> {
    if (later) return;
    const wanted = indexes.map(indexOf).filter(({ key }) => Object.keys(key).some((path) => path !== '_id'));
    await answered(this.#createCollection(this.#prefix + collection));
    if (wanted.length === 0) return;
    const existing = await answered(this.#db.collection(this.#prefix + collection).indexes());
    const missing = wanted.filter((wish) => !existing.some((index) => isSame(index, wish)));
    if (missing.length > 0)
      await answered(
        this.#patiently((db) => db.collection(this.#prefix + collection).createIndexes(missing)),
      );
  }

  async #createCollection(name: string): Promise<void> {
    const [existing] = await this.#db.listCollections({ name }, { nameOnly: true }).toArray();
    if (existing) return;
    try {
      await this.#db.createCollection(name);
    } catch (error) {
      const NAMESPACE_EXISTS = 48;
      if (!(error instanceof MongoError) || error.code !== NAMESPACE_EXISTS) throw error;
    }
  }

  /** An index over many documents takes longer than a silent server is given. */
  async #patiently<R>(work: (db: Db) => Promise<R>): Promise<R> {
    const client = new MongoClient(this.#url, { ...settings(this.#url), socketTimeoutMS: 0 });
    try {
      return await work(client.db());
    } finally {
      await client.close();
    }
  }

  async names(): Promise<string[]> {
    const collections = await answered(this.#db.listCollections({}, { nameOnly: true }).toArray());
    return collections
      .map(({ name }) => name)
      .filter((name) => name.startsWith(this.#prefix) && !name.startsWith('system.'))
      .map((name) => name.slice(this.#prefix.length))
      .sort();
  }

  async drop(collection: string): Promise<void> {
    try {
      await this.#db.collection(this.#prefix + collection).drop();
    } catch (error) {
      if (!(error instanceof MongoError) || error.code !== NAMESPACE_NOT_FOUND) throw told(error);
    }
  }

  async scrub(): Promise<void> {}

  async health(): Promise<{ ok: boolean; detail?: string }> {
    try {
      await this.#db.command({ ping: 1 });
      return { ok: true };
    } catch (error) {
      return { ok: false, detail: `MongoDB does not answer: ${(error as Error).message}` };
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

interface Wish {
  readonly key: Record<string, 1 | -1>;
  readonly unique?: true;
}

const indexOf = (index: IndexSpec | UniqueIndex): Wish =>
  'unique' in index && typeof index.unique === 'object'
    ? { key: { ...index.unique }, unique: true }
    : { key: { ...(index as IndexSpec) } };

const isSame = (index: { key?: unknown; unique?: boolean }, { key, unique }: Wish): boolean =>
  (index.unique ?? false) === (unique ?? false) && JSON.stringify(index.key) === JSON.stringify(key);
