import type { Database } from '#sqlite';
import type { Catalogue } from './catalogue.ts';
import type { Reach } from './collection.ts';
import { guarded } from './engine.ts';
import { byId, countIn, type Query, rows } from './rows.ts';
import type { Json } from './values.ts';
import type { Writer } from './writer.ts';

/** Inside a transaction everything runs at once, on the connection that holds it. */
export class TransactionReach implements Reach {
  readonly #database: Database;
  readonly #catalogue: Catalogue;
  readonly #writer: Writer;
  #failure: { readonly error: unknown } | undefined;
  #ended = false;

  constructor(database: Database, catalogue: Catalogue, writer: Writer) {
    this.#database = database;
    this.#catalogue = catalogue;
    this.#writer = writer;
  }

  async get(collection: string, id: string): Promise<Json | undefined> {
    this.#mustGoOn();
    return byId(this.#database, this.#catalogue.layouts.get(collection), id);
  }

  async collect(collection: string, query: Query): Promise<Json[]> {
    this.#mustGoOn();
    const layout = this.#catalogue.layouts.get(collection);
    if (!layout) return [];
    return guarded(() => {
      const found: Json[] = [];
      for (const document of rows(this.#database, layout, query)) if (document) found.push(document);
      return found;
    });
  }

  async *walk(collection: string, query: Query): AsyncGenerator<Json> {
    yield* await this.collect(collection, query);
  }

  async count(collection: string, query: Query): Promise<number> {
    this.#mustGoOn();
    const counted = countIn(this.#database, this.#catalogue.layouts.get(collection), query);
    return counted ?? (await this.collect(collection, query)).length;
  }

  /** A write that is refused ends the transaction, as on MongoDB. */
  async write<R>(work: (writer: Writer) => R): Promise<R> {
    this.#mustGoOn();
    try {
      const result = work(this.#writer);
      if (result && typeof result === 'object' && 'error' in result) this.#failure = { error: result.error };
      return result;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  mustHaveSucceeded(): void {
    if (this.#failure) throw this.#failure.error;
  }

  end(): void {
    this.#ended = true;
  }

  #mustGoOn(): void {
    this.mustHaveSucceeded();
    if (this.#ended) throw new TypeError('the transaction has ended');
  }
}
