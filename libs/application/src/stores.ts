import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type EventStore, openEmbeddedEvents, openEventStoreDb } from '#event-store';
import {
  type DocumentStore,
  openEmbeddedDocuments,
  openMongoDocuments,
  openThreadedDocuments,
} from '#read-models';
import type { Settings } from '#settings';
import { FolderLock, Folding } from '#sqlite';

/** Everything that keeps data, opened. */
export interface Stores {
  /** The log as stored: personal fields sealed. */
  readonly events: EventStore;
  /** Can be dropped and rebuilt from the log. */
  readonly readModels: DocumentStore;
  /** Cannot: credentials, sessions, limits of guessing. */
  readonly records: DocumentStore;
  /**
   * Outbox, parked commands and the checkpoint of the policies that fills them. Power loss may take its newest
   * writes, but all together: the policies then see the same events again.
   */
  readonly work: DocumentStore;
  /** Personal keys, apart from the log and its backups. */
  readonly keys: DocumentStore;
  /** Mailbox, zone and clock of the sandbox. */
  readonly sandbox: DocumentStore | undefined;
  close(): Promise<void>;
}

/** Without the threads that write the read models and fold logs in nothing goes on; a new process does. */
const died = (error: Error): never => {
  throw error;
};

type Closable = { close(): void | Promise<void> };

/** @throws UnusableFile, UnusableStore with a sentence for the operator */
export const openStores = async (settings: Settings): Promise<Stores> => {
  const folder = settings.dataDir;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const opened: Closable[] = [];
  const keep = <T extends Closable>(store: T): T => {
    opened.unshift(store);
    return store;
  };
  const file = (name: string) => join(folder, `${name}.db`);
  const close = async () => {
    for (const store of opened.splice(0)) await store.close();
  };
  try {
    const { eventStoreUrl, mongodbUrl } = settings;
    if (!eventStoreUrl || !mongodbUrl || settings.sandbox) {
      const lock = FolderLock.take(folder);
      keep({ close: () => lock.release() });
    }
    const documents = (name: string, kind: string, options: { durable: boolean; secureDelete?: boolean }) =>
      mongodbUrl
        ? openMongoDocuments(mongodbUrl, { prefix: `${name}.` })
        : openEmbeddedDocuments(file(name), { kind, ...options });
    const stores: Stores = {
      events: keep(eventStoreUrl ? await openEventStoreDb(eventStoreUrl) : openEmbeddedEvents(folder)),
      readModels: keep(
        await (mongodbUrl
          ? documents('read-models', 'OLRM', { durable: false })
          : openThreadedDocuments(
              file('read-models'),
              { kind: 'OLRM', durable: false, secureDelete: true },
              died,
            )),
      ),
      records: keep(await documents('records', 'OLRC', { durable: true })),
      work: keep(await documents('work', 'OLWK', { durable: false })),
      keys: keep(await documents('keys', 'OLKY', { durable: true, secureDelete: true })),
      sandbox: settings.sandbox
        ? keep(
            openEmbeddedDocuments(file('sandbox'), {
              kind: 'OLSB',
              durable: false,
              secureDelete: true,
            }),
          )
        : undefined,
      close,
    };
    // Not what forgets: there this process overwrites what deleted content has left, in pages that must not change meanwhile.
    const folded = [...(eventStoreUrl ? [] : ['events']), ...(mongodbUrl ? [] : ['records', 'work'])];
    if (folded.length > 0) keep(new Folding(folded.map(file), died));
    return stores;
  } catch (error) {
    await close();
    throw error;
  }
};
