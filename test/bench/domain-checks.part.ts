import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { boundedProof, networkProof, verificationValue } from '#dns-proof';
import { type Bench, brokenBy, timesOf } from './bench.ts';
import { Child } from './child.ts';
import type { HttpConnection } from './http-connection.ts';
import { Inviting } from './invitations.part.ts';
import { underLoad } from './load.ts';
import {
  connections,
  type Owner,
  productArgs,
  productEnv,
  settled,
  signUpOwner,
  startProduct,
} from './product.ts';
import { type Seed, seedStopped } from './seeds.ts';

const token = 'f'.repeat(32);
/** As the product is set: looks at once, and sockets beside theirs. */
const CHECKS_AT_ONCE = 256;
const OTHER_SOCKETS = 100;
const DAY = 86_400_000;

export const domainName = (number: number): string => `d${number}.bench.example`;

/** Verified domains that are all due for their daily look at the same moment. */
export function* domainsDueAt(
  { organizationId }: Pick<Owner, 'organizationId'>,
  count: number,
  dueAt: number,
): Generator<Seed> {
  const occurredAt = new Date(dueAt - DAY).toISOString();
  for (let from = 0; from < count; from += 500) {
    const group = Array.from({ length: Math.min(500, count - from) }, (_, index) => {
      const domainId = `dom_${(from + index).toString(16).padStart(32, '0')}`;
      const named = { domainId, organizationId, domain: domainName(from + index) };
      return { named, stream: `domain-${domainId}`, organizationId, occurredAt };
    });
    for (const { named, ...about } of group) {
      const data = { ...named, method: 'dns_txt', token, skeleton: named.domain, addedAt: occurredAt };
      yield { ...about, expected: -1, type: 'DomainAdded', data };
    }
    for (const { named, ...about } of group) {
      const data = { ...named, method: 'dns_txt', evidence: 'seeded', verifiedAt: occurredAt };
      yield { ...about, expected: 0, type: 'DomainVerified', data };
    }
  }
}

const socketsOf = (pid: number): number => {
  let sockets = 0;
  for (const fd of readdirSync(`/proc/${pid}/fd`))
    try {
      if (readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:')) sockets += 1;
    } catch {
      // Closed while the list was read.
    }
  return sockets;
};

const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(1)} s`;

/** The looks alone, without a product around them. */
const looksAlone = async (dns: string, count: number): Promise<number> => {
  const proof = boundedProof(networkProof({ dnsServers: [dns] }), CHECKS_AT_ONCE);
  const started = performance.now();
  await Promise.all(
    Array.from({ length: count }, (_, number) =>
      proof.check({ domain: domainName(number), method: 'dns_txt', token }),
    ),
  );
  return (count * 1_000) / (performance.now() - started);
};

export const domainChecks = async (bench: Bench): Promise<void> => {
  const count = bench.pick(600, 10_000);
  bench.report.part(
    'checks',
    `W17: ${count} domains due at the same moment, 5 % of their servers slow, 5 % failing; invitations meanwhile`,
  );
  const folder = bench.folder('checks');
  const before = await startProduct(folder);
  const owner = await signUpOwner(before.url, 'checks.example');
  await before.stop();
  const outside = await Child.start(['test/bench/outside-process.ts', verificationValue(token)]);
  const { dns, smtp } = (await (await fetch(outside.url)).json()) as { dns: string; smtp: string };
  const floor = await looksAlone(dns, bench.pick(1_000, 3_000));

  const window = { workers: 16, warmMs: bench.pick(300, 2_000), measureMs: bench.pick(1_200, 10_000) };
  const dueAt = Date.now() + window.warmMs + window.measureMs + bench.pick(2_000, 15_000);
  await seedStopped(folder, domainsDueAt(owner, count, dueAt), owner.userId);
  const product = await Child.start(productArgs, {
    ...productEnv(folder),
    ORGLEDGER_RATE_LIMITS: 'on',
    SMTP_URL: smtp,
    ORGLEDGER_DNS_SERVERS: dns,
  });
  await settled(product.url);
  const open = await connections(product.url, window.workers + 1, owner.token);
  const watcher = open[window.workers] as HttpConnection;
  const inviting = new Inviting(owner, open, 'checks');
  const call = (worker: number) => inviting.one(worker);
  const alone = await underLoad(window, call);
  if (Date.now() > dueAt) throw new Error('the looks began too early to be compared with anything');
  await settled(product.url);

  const slow = count / 20;
  const until = new Date(dueAt + 1_800_000).toISOString();
  const path = `/v1/organizations/${owner.organizationId}/upcoming?kind=domain_recheck&limit=1&until=${until}`;
  await sleep(dueAt - Date.now());
  let most = 0;
  let began = 0;
  let quickDone = 0;
  let took = 0;
  const watching = (async () => {
    for (;;) {
      most = Math.max(most, socketsOf(product.process.pid as number));
      const { total } = await watcher.json<{ total: number }>('GET', path);
      took = Date.now() - dueAt;
      if (total < count) began ||= took;
      if (total <= slow) quickDone ||= took;
      if (total === 0) return;
      await sleep(20);
    }
  })();
  const beside = await underLoad({ ...window, warmMs: 500 }, call);
  await watching;
  bench.report.figure({
    name: `looks, ${count} due at once, until the last`,
    unit: '/s',
    values: [(count * 1_000) / took],
    // Of a few, the wait for the first poll and the last slow server are most of the time.
    ...(bench.smoke ? {} : { goal: { atLeast: 500 } }),
    durability: 'D1',
    note: `from the moment they were due, ${seconds(took)}`,
  });
  bench.report.figure({
    name: `looks, ${count} due at once, without the ends`,
    unit: '/s',
    values: [((count - slow) * 1_000) / (quickDone - began)],
    floor: { name: 'looks alone', values: [floor] },
    goal: { atLeast: 500 },
    durability: 'D1',
    note: `from the first, after ${seconds(began)}, until only the slow could be left, after ${seconds(quickDone)}`,
  });
  bench.report.figure({
    name: 'sockets open at once',
    unit: '',
    values: [most],
    goal: { atMost: CHECKS_AT_ONCE + OTHER_SOCKETS },
  });
  bench.report.figure({
    name: 'invite c16 beside the looks',
    unit: '/s',
    values: [beside.perSecond],
    floor: { name: 'invite c16 without', values: [alone.perSecond] },
    goal: { ratioAtLeast: 0.8 },
    durability: 'D1',
    note: `${timesOf([beside])}; without: ${timesOf([alone])}`,
    broken: brokenBy([alone, beside]),
  });
  for (const connection of open) connection.close();
  await product.stop();
  await outside.stop();
};
