import { randomUUID } from 'node:crypto';
import client from '@eventstore/db-client';
import { openEventStoreDb } from '#event-store';
import { type Bench, brokenBy, timesOf } from './bench.ts';
import { Child } from './child.ts';
import { type Load, underLoad } from './load.ts';
import { newMetadata } from './seeds.ts';

const { EventStoreDBClient, jsonEvent, NO_STREAM, START } = client;
/** By name, so that the client takes the unary path. */
const credentials = { username: 'nobody', password: 'nobody' };

export const eventStoreDb = async (bench: Bench): Promise<void> => {
  bench.report.part(
    'eventstoredb',
    'W16, G14: the adapter against the bare client, same stand-in server in a process of its own',
  );
  const server = await Child.start(['test/bench/eventstoredb-process.ts']);
  const adapter = await openEventStoreDb(server.url);
  const bare = EventStoreDBClient.connectionString(server.url);
  const organizationId = `org_${'b'.repeat(32)}`;
  const userId = `usr_${'a'.repeat(32)}`;
  const data = {
    accountId: `acc_${'c'.repeat(32)}`,
    organizationId,
    name: 'Account of the benchmark',
    previousName: 'Another',
  };
  const type = 'AccountRenamed';
  const metadata = newMetadata(organizationId, userId, new Date().toISOString());
  const window = { workers: 64, warmMs: bench.pick(200, 2_000), measureMs: bench.pick(600, 10_000) };
  let acknowledged = 0;
  const viaAdapter = async () => {
    await adapter.append(`adapter-${randomUUID()}`, -1, [{ id: randomUUID(), type, data, metadata }]);
    acknowledged += 1;
  };
  const viaClient = async () => {
    const event = jsonEvent({ id: randomUUID(), type, data, metadata: { ...metadata } });
    await bare.appendToStream(`bare-${randomUUID()}`, event, {
      expectedRevision: NO_STREAM,
      credentials,
      requiresLeader: true,
    });
  };
  for (const warm of [viaClient, viaAdapter, viaClient, viaAdapter])
    await underLoad({ ...window, measureMs: 0 }, warm);
  const appends = { adapter: [] as Load[], bare: [] as Load[] };
  for (let round = 0; round < bench.rounds; round++) {
    appends.bare.push(await underLoad(window, viaClient));
    appends.adapter.push(await underLoad(window, viaAdapter));
  }
  const reads = { adapter: [] as number[], bare: [] as number[] };
  let found = 0;
  for (let round = 0; round < bench.rounds; round++) {
    let begun = performance.now();
    let events = 0;
    for await (const { event } of bare.readAll({ fromPosition: START, credentials, requiresLeader: true }))
      if (event) events += 1;
    reads.bare.push((events * 1_000) / (performance.now() - begun));
    begun = performance.now();
    found = 0;
    let all = 0;
    for await (const batch of adapter.readAll({ batchSize: 2_000 })) {
      all += batch.length;
      for (const { stream } of batch) if (stream.startsWith('adapter-')) found += 1;
    }
    reads.adapter.push((all * 1_000) / (performance.now() - begun));
  }
  const unlike = found === acknowledged ? undefined : `${acknowledged} acknowledged, ${found} in the log`;
  const rate = (loads: readonly Load[]) => loads.map(({ perSecond }) => perSecond);
  bench.report.figure({
    name: 'append through the adapter c64',
    unit: '/s',
    values: rate(appends.adapter),
    floor: { name: 'bare client, unary c64', values: rate(appends.bare) },
    goal: { ratioAtLeast: 0.8 },
    durability: 'D0',
    note: timesOf(appends.adapter),
    broken: brokenBy([...appends.adapter, ...appends.bare], unlike),
  });
  bench.report.figure({
    name: 'read all through the adapter',
    unit: 'events/s',
    values: reads.adapter,
    floor: { name: 'bare readAll', values: reads.bare },
    goal: { ratioAtLeast: 0.7 },
    durability: 'D0',
    broken: unlike,
  });
  await adapter.close();
  await bare.dispose();
  await server.stop();
};
