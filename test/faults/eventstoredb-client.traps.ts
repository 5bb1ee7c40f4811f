import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import esdb from '@eventstore/db-client';
import { openEventStoreDb } from '../../libs/event-store/src/eventstoredb/open.ts';
import { type EventStore, type NewEvent, NO_STREAM } from '../../libs/event-store/src/port.ts';
import { type EventStoreDbServer, startEventStoreDbServer } from '../servers/eventstoredb-server.ts';

const HUNG_MS = 5_000;

const anEvent = (): NewEvent => ({
  id: randomUUID(),
  type: 'SomethingHappened',
  data: {},
  metadata: {} as NewEvent['metadata'],
});

interface Setting {
  readonly server: EventStoreDbServer;
  readonly store: EventStore;
  readonly stream: string;
  readonly round: number;
}

/** Each answers why it failed, or nothing. */
const traps: { [trap: string]: (setting: Setting) => Promise<string | undefined> } = {
  'the server answers "wrong version, the stream is at 41"': async ({ server, store, stream }) => {
    server.faults.refuseNext(1, 41n);
    const refused = await store.append(stream, NO_STREAM, [anEvent()]).catch((error: unknown) => error);
    const { name, actual } = refused as { name?: string; actual?: number };
    if (name !== 'RevisionConflict' || actual !== 41) return `wrong revision used: ${name} ${actual}`;
    return (await store.append(stream, NO_STREAM, [anEvent()])).revision === 0 ? undefined : 'wrong revision';
  },

  'the server never answers': async ({ server, store, stream }) => {
    server.faults.silence();
    const unanswered = await Promise.allSettled([
      store.append(stream, NO_STREAM, [anEvent()]),
      store.read(stream),
      store.head(),
    ]);
    server.faults.speak();
    const reasons = unanswered.map((outcome) => outcome.status === 'rejected' && outcome.reason.name);
    if (reasons.some((reason) => reason !== 'StoreUnavailable')) return `not told: ${reasons}`;
    const [first] = await store.read(stream);
    const { revision } = await store.append(stream, first?.revision ?? NO_STREAM, [anEvent()]);
    return revision === (first ? 1 : 0) ? undefined : `wrong revision used: ${revision}`;
  },

  'the stream of another client fails while ours is in flight': async ({ server, store, stream }) => {
    const other = esdb.EventStoreDBClient.connectionString(server.url);
    const theirs = () => other.appendToStream(`other-${stream}`, esdb.jsonEvent({ type: 'T', data: {} }));
    await theirs();
    server.faults.delayAnswers(30);
    const failing = theirs().catch((error: unknown) => error);
    const ours = store.append(stream, NO_STREAM, [anEvent()]);
    await sleep(10);
    server.faults.breakBatchStreams();
    const { revision } = await ours;
    server.faults.delayAnswers(0);
    if (!((await failing) instanceof Error)) return 'the other client did not fail';
    const next = await store.append(stream, 0, [anEvent()]);
    return revision === 0 && next.revision === 1
      ? undefined
      : `wrong revisions: ${revision} ${next.revision}`;
  },

  'a subscription ends gracefully, a consumer throws': async ({ server, store, stream, round }) => {
    const after = await store.head();
    const seen: number[] = [];
    const stop = new AbortController();
    for await (const batch of store.follow({ after, signal: stop.signal })) {
      seen.push(...batch.map(({ revision }) => revision));
      if (batch.length === 0 && seen.length === 0) {
        server.faults.endSubscriptions();
        await store.append(stream, NO_STREAM, [anEvent(), anEvent()]);
      }
      if (seen.length === 2) stop.abort();
    }
    if (seen.join() !== '0,1') return `saw ${seen}`;
    const thrown = new Error(`round ${round}`);
    try {
      for await (const _ of store.follow({ after, signal: new AbortController().signal })) throw thrown;
    } catch (error) {
      return error === thrown ? undefined : `threw ${error}`;
    }
    return 'did not throw';
  },
};

const run = async (times: number) => {
  const server = await startEventStoreDbServer();
  const store = await openEventStoreDb(server.url, { appendTimeoutMs: 150, attempts: 2, silenceMs: 600 });
  const rounds: { [trap: string]: number } = {};
  const failures: string[] = [];
  for (const [trap, act] of Object.entries(traps))
    for (let round = 0; round < times; round += 1) {
      const hung = sleep(HUNG_MS, 'hung', { ref: false });
      const failure = await Promise.race([
        act({ server, store, stream: `trap-${randomUUID()}`, round }),
        hung,
      ]);
      rounds[trap] = (rounds[trap] ?? 0) + 1;
      if (failure) failures.push(`${trap}: ${failure}`);
    }
  await store.close();
  await server.close();
  return { rounds, failures, injected: server.faults.injected };
};

process.stdout.write(`${JSON.stringify(await run(Number(process.argv[2])))}\n`);
