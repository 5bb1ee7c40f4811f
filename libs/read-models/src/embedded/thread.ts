/** The thread that writes a file of documents: opens it, says so, and does what it is ordered. */
import { parentPort, workerData } from 'node:worker_threads';
import { type DatabaseOptions, giveWay } from '#sqlite';
import type { Documents } from '../port.ts';
import { told } from './engine.ts';
import { arrived, type Bulk, type Call, packed, type Reply, type Request } from './messages.ts';
import { EmbeddedDocuments } from './store.ts';

const port = parentPort!;
const { path, options } = workerData as { path: string; options: DatabaseOptions };

// biome-ignore lint/suspicious/noExplicitAny: arguments as another thread was given them.
const perform = (documents: Documents, { collection, method, given }: Call): Promise<any> => {
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  const called = (documents.collection(collection) as any)[method](...argumentsOf(method, given));
  return method === 'find' ? called.toArray() : called;
};

const argumentsOf = (method: Call['method'], given: readonly unknown[]): readonly unknown[] =>
  method === 'bulkWrite' ? [arrived(given[0] as Bulk), ...given.slice(1)] : given;

/** The transaction that is open across orders. */
class Open {
  readonly #begun = Promise.withResolvers<Documents>();
  readonly #ending = Promise.withResolvers<void>();
  readonly #done: Promise<void>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: EmbeddedDocuments) {
    this.#done = store.transaction(async (documents) => {
      this.#begun.resolve(documents);
      await this.#ending.promise;
    });
    // One that could not begin never comes to its calls, nor to its end.
    this.#done.catch(this.#begun.reject);
    this.#begun.promise.catch(() => {});
    this.#ending.promise.catch(() => {});
  }

  /** The results of the calls, in order, after those that came before; the first that fails fails them all. */
  run(calls: readonly Call[]): Promise<unknown[]> {
    const results = this.#last.then(() => this.#perform(calls));
    this.#last = results;
    return results;
  }

  async #perform(calls: readonly Call[]): Promise<unknown[]> {
    const documents = await this.#begun.promise;
    const results: unknown[] = [];
    for (const call of calls) results.push(await perform(documents, call));
    return results;
  }

  async commit(): Promise<void> {
    this.#ending.resolve();
    await this.#done;
  }

  async rollback(): Promise<void> {
    this.#ending.reject(new Error('rolled back'));
    await this.#done.catch(() => {});
  }
}

const start = (store: EmbeddedDocuments): void => {
  let open: Open | undefined;
  // Of what is committed: before that, readers would look at the old collections and take them for these.
  let layoutVersion = store.layoutVersion;
  const obey = async (order: Request): Promise<unknown> => {
    switch (order.kind) {
      case 'call':
        return perform(store, order.call);
      case 'within': {
        open ??= new Open(store);
        try {
          const results = await open.run(order.calls);
          if (order.end) await open[order.end]();
          return results;
        } catch (error) {
          if (order.end) await open.rollback();
          throw error;
        } finally {
          if (order.end) open = undefined;
        }
      }
      case 'ensureIndexes':
        return store.ensureIndexes(order.collection, order.indexes as never, order.options);
      case 'drop':
        return store.drop(order.collection);
      case 'scrub':
        return store.scrub();
      case 'close':
        return store.close();
    }
  };
  port.on('message', (order: Request) => {
    const { id } = order;
    const answer = (reply: Omit<Reply, 'id' | 'layoutVersion'>) => {
      if (!open) layoutVersion = store.layoutVersion;
      port.postMessage({ id, ...reply, layoutVersion });
      if (order.kind === 'close') port.close();
      else if (!open) store.settle();
    };
    obey(order).then(
      (value) => answer({ value }),
      (error) => answer({ error: packed(told(error)) }),
    );
  });
};

giveWay();
try {
  start(new EmbeddedDocuments(path, options));
  port.postMessage({ id: 0, layoutVersion: 0 });
} catch (error) {
  port.postMessage({ id: 0, error: packed(error), layoutVersion: 0 });
}
