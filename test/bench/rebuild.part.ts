import { cpSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { operatorTokenOf } from '#application';
import { openEmbeddedDocuments } from '#read-models';
import { MasterKey } from '#tokens';
import { type Bench, brokenBy } from './bench.ts';
import { runToEnd } from './child.ts';
import { HttpConnection } from './http-connection.ts';
import { openInProcess } from './in-process.ts';
import { Inviting } from './invitations.part.ts';
import { type Load, underLoad } from './load.ts';
import { connections, type Owner, settled, signUpOwner, startProduct } from './product.ts';
import { digestOf, type Rebuilt } from './rebuild-process.ts';
import { appendAll, forgetReadModels, lives, policiesHaveSeenAll, raised, seedSealed } from './seeds.ts';

const EVENTS_PER_PERSON = 5;

export const rebuilds = async (bench: Bench): Promise<void> => {
  const people = bench.pick(1_500, 100_000);
  const count = people * EVENTS_PER_PERSON;
  bench.report.part(
    'rebuild',
    `W9, G7: ${count.toLocaleString('en-US')} events of ${people.toLocaleString('en-US')} people, all projections, from nothing`,
  );
  const folder = bench.folder('rebuild');
  const owner = await founded(folder);
  const live = await followed(folder, owner, people - bench.pick(500, 10_000), people);
  bench.report.note(`following live: ${Math.round(live.perSecond).toLocaleString('en-US')} events/s`);
  const rebuilt: Rebuilt[] = [];
  const bare: { seconds: number; rows: number }[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    const into = mkdtempSync(join(bench.folder('rebuilt'), 'r-'));
    rebuilt.push(await runToEnd<Rebuilt>(['test/bench/rebuild-process.ts', folder, into]));
    const { events } = rebuilt[0] as Rebuilt;
    bare.push(
      await runToEnd([
        'test/bench/bare-rows-process.ts',
        join(into, 'read-models.db'),
        join(into, 'bare.db'),
        String(events),
      ]),
    );
  }
  const [first] = rebuilt as [Rebuilt];
  const unlike = rebuilt.some(({ digest }) => digest !== live.digest)
    ? 'the rebuilt documents differ from the live ones'
    : rebuilt.some(({ quarantined }) => quarantined > 0)
      ? `${first.quarantined} streams are quarantined`
      : undefined;
  bench.report.figure({
    name: 'rebuild of all projections, offline',
    unit: 'events/s',
    values: rebuilt.map(({ events, seconds }) => events / seconds),
    floor: { name: 'bare rows', values: bare.map(({ seconds }) => first.events / seconds) },
    goal: { ratioAtLeast: 0.6 },
    durability: 'D0',
    note: `${bare[0]?.rows.toLocaleString('en-US')} rows, each written once by the floor`,
    broken: unlike,
  });
  bench.report.figure({
    name: 'peak memory of the rebuild',
    unit: 'MB',
    values: rebuilt.map(({ peakMb }) => peakMb),
  });
  await online(bench, folder, owner);
};

const founded = async (folder: string): Promise<Owner> => {
  const product = await startProduct(folder);
  const owner = await signUpOwner(product.url, 'rebuild.example');
  await product.stop();
  return owner;
};

/** Writes so many lives before, and the rest while the projections follow; the log is sealed as the product seals it. */
const followed = async (
  folder: string,
  owner: Owner,
  before: number,
  people: number,
): Promise<{ perSecond: number; digest: string }> => {
  const { organizationId, userId } = owner;
  await seedSealed(folder, lives(organizationId, userId, before), userId, 500);
  forgetReadModels(folder);
  const product = await openInProcess(folder, 'projections');
  const { events } = product.platform;
  const caughtUp = async () => {
    const head = await events.head();
    while (!(await product.projector.waitFor(head, 60_000)));
    return head;
  };
  const begun = { position: await caughtUp(), at: performance.now() };
  await appendAll(events, lives(organizationId, userId, people, before), userId, 500, raised);
  const head = await caughtUp();
  const perSecond = ((head - begun.position) * 1_000) / (performance.now() - begun.at);
  await product.close();
  const documents = openEmbeddedDocuments(join(folder, 'read-models.db'), { kind: 'OLRM', durable: false });
  const digest = await digestOf(documents);
  await documents.close();
  await policiesHaveSeenAll(folder, head);
  return { perSecond, digest };
};

/** Invitations while a projection is rebuilt beside the served one, against the same without. */
const online = async (bench: Bench, folder: string, owner: Owner): Promise<void> => {
  const copy = bench.folder('rebuild-online');
  cpSync(folder, copy, { recursive: true });
  const product = await startProduct(copy);
  await settled(product.url);
  const open = await connections(product.url, 16, owner.token);
  const inviting = new Inviting(owner, open, 'w9');
  const token = operatorTokenOf(MasterKey.load(undefined, copy));
  const window = { workers: 16, warmMs: bench.pick(150, 1_000), measureMs: bench.pick(500, 8_000) };
  const without: Load[] = [];
  const during: Load[] = [];
  let rebuilding = 0;
  for (let round = 0; round < bench.rounds; round++) {
    without.push(await underLoad(window, (worker) => inviting.one(worker)));
    // Opened when it asks: a connection that says nothing is cut after some seconds.
    const operator = await HttpConnection.open(product.url, token);
    const rebuilt = operator
      .json('POST', '/v1/operations/projections/users/rebuild')
      .then(() => 'done' as const);
    during.push(await underLoad(window, (worker) => inviting.one(worker)));
    if ((await Promise.race([rebuilt, Promise.resolve('running' as const)])) === 'running') rebuilding += 1;
    await rebuilt;
    operator.close();
  }
  bench.report.figure({
    name: 'invite c16 while users are rebuilt',
    unit: '/s',
    values: during.map(({ perSecond }) => perSecond),
    floor: { name: 'invite c16 without', values: without.map(({ perSecond }) => perSecond) },
    goal: { ratioAtLeast: 0.7 },
    durability: 'D1',
    note:
      rebuilding < during.length
        ? `the rebuild ended before the window in ${during.length - rebuilding} rounds`
        : undefined,
    broken: brokenBy([...without, ...during]),
  });
  for (const connection of open) connection.close();
  await product.stop();
};
