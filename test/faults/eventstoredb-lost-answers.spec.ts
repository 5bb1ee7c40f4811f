import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type EventStore, type NewEvent, NO_STREAM, RevisionConflict, StoreUnavailable } from '#event-store';
import type { RecordedEvent } from '#kernel';
import { openEventStoreDb } from '../../libs/event-store/src/eventstoredb/open.ts';
import { anEvent, aStream, events, everything } from '../contracts/event-store.events.ts';
import { type EventStoreDbServer, startEventStoreDbServer } from '../servers/eventstoredb-server.ts';
import { type FaultProxy, startFaultProxy } from '../servers/fault-proxy.ts';

const TIMEOUT_MS = 200;
const SILENCE_MS = 600;

let server: EventStoreDbServer;
let proxy: FaultProxy;
let store: EventStore;

beforeEach(async () => {
  server = await startEventStoreDbServer();
  proxy = await startFaultProxy(server.port);
  store = await openEventStoreDb(`esdb://127.0.0.1:${proxy.port}?tls=false`, {
    appendTimeoutMs: TIMEOUT_MS,
    silenceMs: SILENCE_MS,
    random: () => Math.random() / 5,
  });
});

afterEach(async () => {
  await store.close();
  await proxy.close();
  await server.close();
});

/** The log behind the proxy, as the server keeps it. */
const stored = (stream: string): string[] => server.log.visible(stream).map(({ id }) => id);

const ids = (written: readonly NewEvent[]): string[] => written.map(({ id }) => id);

describe('F7: an append whose answer does not come', () => {
  it('P1, P2: 200 answers dropped after the commit: nothing lost, nothing doubled', async () => {
    const stream = aStream();
    const written: NewEvent[] = [];
    for (let round = 0; round < 200; round += 1) {
      const next = events(1 + (round % 3));
      proxy.dropAnswers(1);
      const { revision } = await store.append(stream, written.length - 1, next);
      written.push(...next);
      expect(revision).toBe(written.length - 1);
    }
    expect(proxy.injected.droppedAnswers).toBe(200);
    expect(stored(stream)).toEqual(ids(written));
    expect((await store.read(stream)).map(({ id }) => id)).toEqual(ids(written));
  }, 60_000);

  it('is settled within its tries, whatever the network does', async () => {
    const stream = aStream();
    const written = events(1);
    await store.append(stream, NO_STREAM, written);
    let slowest = 0;
    for (let round = 0; round < 40; round += 1) {
      const next = events(2);
      const started = performance.now();
      if (round % 4 === 0) proxy.blackHole();
      if (round % 4 === 1) proxy.halfClose();
      if (round % 4 === 2) proxy.reset();
      proxy.delay(round % 4 === 3 ? 50 : 0);
      await store.append(stream, written.length - 1, next);
      slowest = Math.max(slowest, performance.now() - started);
      written.push(...next);
    }
    proxy.delay(0);
    const { blackHoled, halfClosed, reset, delayed } = proxy.injected;
    for (const count of [blackHoled, halfClosed, reset, delayed]) expect(count).toBeGreaterThanOrEqual(10);
    expect(slowest).toBeLessThan(5 * TIMEOUT_MS + 1_500);
    expect(stored(stream)).toEqual(ids(written));
  }, 30_000);

  it('is the same append although another writer has moved the stream since', async () => {
    for (let round = 0; round < 20; round += 1) {
      const stream = aStream();
      const ours = events(2);
      server.faults.loseAnswers(1);
      const answered = store.append(stream, NO_STREAM, ours);
      while (stored(stream).length === 0) await sleep(1);
      server.log.append(stream, 1n, [proposed('theirs')]);
      const { revision, position } = await answered;
      expect(revision).toBe(1);
      expect(position).toBe(Number(server.log.visible(stream)[1]?.position));
      expect(stored(stream)).toHaveLength(3);
    }
    expect(server.faults.injected.lostAnswers).toBe(20);
  });

  it('is found in the stream when the server then says "wrong version"', async () => {
    const stream = aStream();
    server.faults.loseAnswers(1);
    const answered = store.append(stream, NO_STREAM, events(3));
    while (stored(stream).length === 0) await sleep(1);
    server.faults.refuseNext(1, 2n);
    expect(await answered).toEqual({
      revision: 2,
      position: Number(server.log.visible(stream).at(-1)?.position),
    });
    expect(server.faults.injected.wrongVersions).toBe(1);
  });

  it('is a conflict when it was not stored and another writer was quicker', async () => {
    const stream = aStream();
    server.faults.silence();
    const answered = store.append(stream, NO_STREAM, events(1));
    const settled = answered.catch((error: unknown) => error);
    await sleep(TIMEOUT_MS / 2);
    server.log.append(stream, 'no_stream', [proposed('theirs')]);
    await sleep(TIMEOUT_MS);
    server.faults.speak();
    expect(await settled).toEqual(new RevisionConflict(stream, NO_STREAM, 0));
    expect(server.faults.injected.silenced).toBeGreaterThanOrEqual(1);
  });

  it('is stored once when a retry meets the first attempt still in flight (fact K)', async () => {
    server.faults.delayAnswers(TIMEOUT_MS + 100);
    const retrying = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const stream = aStream();
        const settled = await store.append(stream, NO_STREAM, events(2)).catch((error: unknown) => error);
        return { stream, settled };
      }),
    );
    server.faults.delayAnswers(0);
    expect(server.faults.injected.timedOutDuplicates).toBeGreaterThanOrEqual(10);
    for (const { stream, settled } of retrying) {
      expect(stored(stream)).toHaveLength(2);
      if (settled instanceof Error) expect(settled).toBeInstanceOf(StoreUnavailable);
      else expect(settled).toMatchObject({ revision: 1 });
    }
  });
});

describe('F8: a subscription that ends', () => {
  const ends: [string, () => void][] = [
    ['graceful', () => server.faults.endSubscriptions()],
    ['error', () => server.faults.dropSubscriptions()],
    ['stall', () => server.faults.stallSubscriptions()],
    ['reset', () => proxy.reset()],
    ['black hole', () => proxy.blackHole()],
  ];

  it('P6: 50 times: nothing lost, nothing twice, resumed within the silence bound', async () => {
    const stop = new AbortController();
    const seen: RecordedEvent[] = [];
    let arrived: () => void = () => undefined;
    const following = (async () => {
      for await (const batch of store.follow({ after: 0, signal: stop.signal })) {
        seen.push(...batch);
        arrived();
      }
    })();
    const writer = await openEventStoreDb(server.url);
    const stream = aStream();
    const write = async () => {
      const next = events(2);
      const last = await writer.append(stream, written - 1, next);
      written += 2;
      return last.position;
    };
    let written = 0;
    let slowest = 0;
    for (let round = 0; round < 50; round += 1) {
      const [, end] = ends[round % ends.length] as (typeof ends)[number];
      end();
      const started = performance.now();
      const position = await write();
      while ((seen.at(-1)?.position ?? 0) < position)
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
      slowest = Math.max(slowest, performance.now() - started);
      await write();
    }
    const head = await writer.head();
    while ((seen.at(-1)?.position ?? 0) < head) await sleep(5);
    stop.abort();
    await following;
    await writer.close();
    const { endedSubscriptions } = server.faults.injected;
    expect(endedSubscriptions + proxy.injected.reset + proxy.injected.blackHoled).toBeGreaterThanOrEqual(50);
    expect(slowest).toBeLessThan(SILENCE_MS + 2_000);
    expect(seen.map(({ revision }) => revision)).toEqual(
      Array.from({ length: written }, (_, index) => index),
    );
  }, 60_000);

  it('does not begin again for ever after a position of another log', async () => {
    await store.append(aStream(), NO_STREAM, events(3));
    const foreign = (await store.head()) - 1;
    await expect(
      everything(store.follow({ after: foreign, signal: new AbortController().signal })),
    ).rejects.toThrow(/belongs to another/);
    await expect(everything(store.readAll({ after: foreign }))).rejects.toThrow(/belongs to another/);
  });
});

describe('a store that is away', () => {
  it('says so in every call, is waited for by followers, and works again without a restart', async () => {
    const stream = aStream();
    await store.append(stream, NO_STREAM, events(1));
    const after = await store.head();
    const stop = new AbortController();
    const seen: RecordedEvent[] = [];
    const following = (async () => {
      for await (const batch of store.follow({ after, signal: stop.signal })) {
        seen.push(...batch);
        if (seen.length === 1) stop.abort();
      }
    })();
    await server.down();
    const calls = [
      store.append(stream, 0, events(1)),
      store.read(stream),
      store.head(),
      everything(store.readAll()),
      store.retain(stream, { maxCount: 5 }),
    ];
    for (const outcome of await Promise.allSettled(calls))
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
    expect(await store.health()).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/does not answer/),
    });
    await server.up();
    expect(await store.append(stream, 0, [anEvent()])).toMatchObject({ revision: 1 });
    expect(await store.health()).toEqual({ ok: true });
    await following;
    expect(seen.map(({ revision }) => revision)).toEqual([1]);
  });

  it('hands on data that does not parse as it came', async () => {
    const text = new TextEncoder();
    const broken = { ...proposed('broken'), data: text.encode('{"cut'), metadata: text.encode('{"cut') };
    server.log.append('broken-1', 'no_stream', [broken]);
    const [event] = await store.read('broken-1');
    expect(event?.data).toBe('{"cut');
    expect(event?.metadata).toEqual(text.encode('{"cut'));
    const [again] = await everything(store.readAll());
    expect(again).toEqual(event);
  });

  it('ends its followers and refuses calls when it is closed', async () => {
    const follower = everything(store.follow({ after: 0, signal: new AbortController().signal }));
    await sleep(20);
    await store.close();
    expect(await follower).toEqual([]);
    await expect(store.append(aStream(), NO_STREAM, events(1))).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(store.read(aStream())).rejects.toBeInstanceOf(StoreUnavailable);
    expect((await store.health()).ok).toBe(false);
  });
});

const proposed = (label: string) => ({
  id: randomUUID(),
  type: 'SomethingHappened',
  contentType: 'application/json',
  data: new TextEncoder().encode(JSON.stringify({ label })),
  metadata: new Uint8Array(),
});
