import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, brokenBy } from './bench.ts';
import { GroupCommitFloor } from './group-commit-floor.ts';
import type { HttpConnection } from './http-connection.ts';
import { type Load, underLoad } from './load.ts';
import { connections, settled, signUpOwner, startProduct } from './product.ts';
import { peopleOf, seedSealed } from './seeds.ts';

const DAY = 86_400_000;

/** A `UserRemovedFromOrg` with its metadata, as large as the product stores it. */
const row = {
  type: 'UserRemovedFromOrg',
  data: JSON.stringify({ pad: 'x'.repeat(620) }),
  meta: JSON.stringify({ pad: 'x'.repeat(480) }),
};

const rateOf = ({ perSecond, ms }: Load): string =>
  `${Math.round(perSecond)}/s for ${(ms / 1_000).toFixed(1)} s`;

export const lapses = async (bench: Bench): Promise<void> => {
  const count = bench.pick(800, 10_000);
  bench.report.part('lapse', `a domain with ${count} managed users lapses; the API answers meanwhile`);
  const folder = bench.folder('lapse');
  const before = await startProduct(folder);
  const owner = await signUpOwner(before.url, 'lapse.example');
  await before.stop();
  await seedSealed(folder, peopleOf(owner, count), owner.userId);
  const floor = new GroupCommitFloor(bench.folder('lapse-floor'), row, 5_000);
  const commits = await underLoad({ workers: 50, warmMs: 300, measureMs: bench.pick(400, 1_500) }, () =>
    floor.append(),
  );
  floor.close();

  const product = await startProduct(folder);
  await settled(product.url);
  const anybody = (await connections(product.url, 1))[0] as HttpConnection;
  await anybody.request('DELETE', '/sandbox/dns/_orgledger.lapse.example/TXT');
  // The look that misses the record, then 30 days up to the last hour.
  const advance = (milliseconds: number) => anybody.json('POST', '/sandbox/clock/advance', { milliseconds });
  await advance(DAY);
  await advance(30 * DAY - 3_600_000);
  const { token } = await anybody.json<{ token: string }>('POST', '/v1/sessions', {
    email: `owner@${owner.domain}`,
    password: 'a long quiet river 9',
  });
  const readers = await connections(product.url, 3, token);
  const people = `/v1/organizations/${owner.organizationId}/users?kind=managed&limit=50`;
  const read = (worker: number) => (readers[worker] as HttpConnection).json('GET', people);
  // About as long as the removals will take, so that one slow answer weighs the same in both.
  const window = { workers: 2, warmMs: 500, measureMs: count / 2 };
  const idle = await underLoad(window, read);

  const watcher = readers[2] as HttpConnection;
  const lapsed = advance(3_600_000);
  const left = async () =>
    (await watcher.json<{ total: number }>('GET', `${people.slice(0, -2)}1`)).total - 1;
  while ((await left()) === count) await sleep(2);
  const began = performance.now();
  let took = 0;
  const watching = (async () => {
    while ((await left()) > 0) await sleep(20);
    took = performance.now() - began;
  })();
  const beside = await underLoad({ ...window, warmMs: 50, measureMs: 60_000, end: watching }, read);
  bench.report.figure({
    name: `removals of a lapse, ${count} people`,
    unit: '/s',
    values: [(count * 1_000) / took],
    floor: { name: 'group commit c50', values: [commits.perSecond] },
    goal: { atLeast: 1_000 },
    durability: 'D1',
  });
  bench.report.figure({
    name: 'GET users c2 during the lapse, p99',
    unit: 'ms',
    values: [beside.p99],
    floor: { name: 'idle', values: [idle.p99] },
    goal: { ratioAtMost: 4 },
    note: `${rateOf(beside)}; idle ${rateOf(idle)}`,
    broken: brokenBy([idle, beside]),
  });
  if (!bench.smoke) {
    const removedAt = performance.now();
    await lapsed;
    bench.report.note(
      `what follows (mails, read models) was done ${((performance.now() - removedAt) / 1_000).toFixed(1)} s later`,
    );
  }
  for (const connection of [...readers, anybody]) connection.close();
  await product.stop('SIGKILL');
};
