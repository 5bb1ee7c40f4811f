import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import {
  type DocumentStore,
  openEmbeddedDocuments,
  openMongoDocuments,
  openThreadedDocuments,
} from '#read-models';
import { startMongoServer } from '../servers/mongo-server.ts';
import { documentStoreContract, type OpenedStore } from './read-models.contract.ts';

const IMAGE = 'mongo:8.0';

const options = { durable: false, kind: 'docs' };
const died = (error: Error) => {
  throw error;
};

documentStoreContract('embedded', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'orgledger-documents-'));
  const open = () => openEmbeddedDocuments(join(folder, 'documents.db'), options);
  let store = open();
  return {
    store,
    reopen: async () => {
      await store.close();
      store = open();
      return store;
    },
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});

/** One thread for all tests; what a test leaves behind is dropped. */
describe('written by a thread', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orgledger-documents-'));
  const open = () => openThreadedDocuments(join(folder, 'documents.db'), options, died);
  let store: DocumentStore;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  documentStoreContract('embedded, written by a thread', async () => ({
    store,
    reopen: async () => {
      await store.close();
      store = await open();
      return store;
    },
    close: async () => {
      for (const name of await store.names()) await store.drop(name);
    },
  }));
});

/** Each test has a prefix of its own; what it leaves behind is dropped. */
const onServer = async (url: string): Promise<OpenedStore> => {
  const prefix = `t${process.hrtime.bigint().toString(36)}-`;
  let store = await openMongoDocuments(url, { prefix });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openMongoDocuments(url, { prefix });
      return store;
    },
    close: async () => {
      for (const name of await store.names()) await store.drop(name);
      await store.close();
    },
  };
};

const onServerOf = (
  name: string,
  start: () => Promise<{ readonly url: string; close(): Promise<unknown> }>,
) =>
  describe(name, () => {
    let server: Awaited<ReturnType<typeof start>> | undefined;
    beforeAll(async () => {
      server = await start();
    }, 180_000);
    afterAll(() => server?.close());
    documentStoreContract(name, () => onServer(server!.url));
  });

for (const replicaSet of [true, false])
  onServerOf(`MongoDB adapter, in-process stand-in, ${replicaSet ? 'replica set' : 'standalone'}`, () =>
    startMongoServer({ replicaSet }),
  );

/** Asks the socket, which answers at once or not at all. */
const hasDocker = (): Promise<boolean> =>
  new Promise((resolve) => {
    const [, path = '/var/run/docker.sock'] = /^unix:\/\/(.*)$/.exec(process.env.DOCKER_HOST ?? '') ?? [];
    const socket = connect(path);
    const answer = (there: boolean) => {
      socket.destroy();
      resolve(there);
    };
    socket.setTimeout(500, () => answer(false));
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });

const realServer = async (): Promise<Parameters<typeof onServerOf>[1] | undefined> => {
  const url = process.env.MONGODB_URL;
  if (url) return async () => ({ url, close: async () => undefined });
  if (process.env.MONGOMS_SYSTEM_BINARY)
    return async () => {
      const { MongoMemoryReplSet } = await import('mongodb-memory-server-core');
      const set = await MongoMemoryReplSet.create({ replSet: { count: 1, storageEngine: 'wiredTiger' } });
      return { url: set.getUri('orgledger'), close: () => set.stop() };
    };
  if (!(await hasDocker())) return undefined;
  return async () => {
    const { MongoDBContainer } = await import('@testcontainers/mongodb');
    const container = await new MongoDBContainer(IMAGE).start();
    const url = `${container.getConnectionString()}/orgledger?directConnection=true`;
    return { url, close: () => container.stop() };
  };
};

const start = await realServer();
if (start) onServerOf('MongoDB adapter, real server', start);
else {
  const reason = 'no MONGODB_URL, no MONGOMS_SYSTEM_BINARY, no Docker';
  it.skip(`document store: MongoDB adapter on a real server (${reason})`, () => undefined);
  process.stdout.write(
    `skipped: document store contract on a real MongoDB (${reason}); not proved here: its transactions, durability, use of indexes\n`,
  );
}
