import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from '@jest/globals';
import { openEmbeddedEvents } from '../../libs/event-store/src/embedded/open.ts';
import { openEventStoreDb } from '../../libs/event-store/src/eventstoredb/open.ts';
import { startEventStoreDbServer } from '../servers/eventstoredb-server.ts';
import { eventStoreContract } from './event-store.contract.ts';

const IMAGE = 'eventstore/eventstore:23.10.1-jammy';

eventStoreContract('embedded', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'orgledger-events-'));
  let store = openEmbeddedEvents(folder);
  return {
    store,
    reopen: async () => {
      await store.close();
      store = openEmbeddedEvents(folder);
      return store;
    },
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});

eventStoreContract('EventStoreDB adapter, in-process stand-in', async () => {
  const server = await startEventStoreDbServer();
  let store = await openEventStoreDb(server.url);
  return {
    store,
    reopen: async () => {
      await store.close();
      await server.restart();
      store = await openEventStoreDb(server.url);
      return store;
    },
    close: async () => {
      await store.close();
      await server.close();
    },
  };
});

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

const startRealServer = async (): Promise<{ url: string; stop(): Promise<unknown> }> => {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(IMAGE)
    .withCommand(['--insecure', '--mem-db'])
    .withExposedPorts(2113)
    .withWaitStrategy(Wait.forHttp('/health/live', 2113).forStatusCode(204))
    .start();
  return {
    url: `esdb://${container.getHost()}:${container.getMappedPort(2113)}?tls=false`,
    stop: () => container.stop(),
  };
};

const { EVENTSTORE_URL } = process.env;
if (EVENTSTORE_URL || (await hasDocker()))
  eventStoreContract('EventStoreDB adapter, real server', async () => {
    const server = EVENTSTORE_URL
      ? { url: EVENTSTORE_URL, stop: async () => undefined }
      : await startRealServer();
    let store = await openEventStoreDb(server.url);
    return {
      store,
      reopen: async () => {
        await store.close();
        store = await openEventStoreDb(server.url);
        return store;
      },
      close: async () => {
        await store.close();
        await server.stop();
      },
    };
  });
else
  it('event store contract on a real EventStoreDB: left out', () => {
    process.stdout.write(
      'EventStoreDB: neither EVENTSTORE_URL nor Docker is there; the adapter ran against the in-process stand-in only\n',
    );
  });
