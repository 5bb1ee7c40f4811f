import type { ExecutionContext } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { AuthenticationGuard } from '#credentials';
import { type Bench, brokenBy, timesOf } from './bench.ts';
import { Child, runToEnd } from './child.ts';
import { HttpConnection } from './http-connection.ts';
import { openInProcess } from './in-process.ts';
import { type Load, quantiles, underLoad } from './load.ts';
import { connections, type Owner, password, settled, signUpOwner, startProduct } from './product.ts';
import type { Reading } from './reader-process.ts';

/** Sign-ins under way at once: more than there are cores, less than may wait. */
const SIGNING_IN = 8;
/** Longer than anybody reads. */
const AT_MOST_MS = 60_000;

const me = (from: readonly HttpConnection[]) => (worker: number) =>
  (from[worker] as HttpConnection).json('GET', '/v1/me');

export const signIns = async (bench: Bench): Promise<void> => {
  bench.report.part(
    'sign-in',
    'W6: GET /v1/me beside bare Nest, what a session costs of it; sign-ins beside bare Argon2id, and reads meanwhile',
  );
  const folder = bench.folder('sign-in');
  const product = await startProduct(folder);
  const owner = await signUpOwner(product.url, 'sign-in.example');
  await settled(product.url);
  const rate = await rates(bench, product, owner);
  await signingIn(bench, product, owner);
  await guessing(bench, product, owner);
  await product.stop();
  await sessions(bench, folder, owner, rate);
};

const answering = async (
  child: Child,
  workers: number,
  window: { readonly warmMs: number; readonly measureMs: number },
  open: readonly HttpConnection[],
): Promise<{ load: Load; microseconds: number }> => {
  const call = me(open);
  await underLoad({ workers, warmMs: 0, measureMs: window.warmMs }, call);
  const before = child.answeringMs;
  const load = await underLoad({ workers, warmMs: 0, measureMs: window.measureMs }, call);
  return { load, microseconds: ((child.answeringMs - before) * 1_000) / load.count };
};

/** Windows of the product and of the floor in turn, so that what else the machine does meets both. */
const rates = async (bench: Bench, product: Child, owner: Owner): Promise<number> => {
  const window = { warmMs: bench.pick(40, 500), measureMs: bench.pick(160, 5_000) };
  const bare = await Child.start(['--enable-source-maps', 'test/bench/bare-nest.js']);
  const open = await connections(product.url, 64, owner.token);
  const bareOpen = await connections(bare.url, 64);
  let rate = 0;
  for (const workers of [64, 16, 1]) {
    const loads: { bare: Load[]; mine: Load[] } = { bare: [], mine: [] };
    const times: { bare: number[]; mine: number[] } = { bare: [], mine: [] };
    // The first round of all is for the compiler.
    const first = rate === 0 ? 0 : 1;
    for (let round = first; round <= bench.pick(3, 5); round++) {
      const { load: floor, microseconds: bareTime } = await answering(bare, workers, window, bareOpen);
      const { load: mine, microseconds: time } = await answering(product, workers, window, open);
      if (round === 0) continue;
      loads.bare.push(floor);
      loads.mine.push(mine);
      times.bare.push(bareTime);
      times.mine.push(time);
    }
    const row = bench.report.figure({
      name: `GET /v1/me c${workers}`,
      unit: '/s',
      values: loads.mine.map(({ perSecond }) => perSecond),
      floor: { name: 'bare Nest on Fastify', values: loads.bare.map(({ perSecond }) => perSecond) },
      goal: { ratioAtLeast: 0.5 },
      durability: 'D0',
      note: timesOf(loads.mine),
      broken: brokenBy([...loads.mine, ...loads.bare]),
    });
    rate ||= row.median;
    bench.report.figure({
      name: `GET /v1/me c${workers}, processor time of the answering thread`,
      unit: 'µs',
      values: times.mine,
      floor: { name: 'bare Nest on Fastify', values: times.bare },
      goal: { ratioAtMost: 2 },
      note: 'whichever cores the system gives to load and server',
    });
  }
  for (const connection of [...open, ...bareOpen]) connection.close();
  await bare.stop();
  return rate;
};

/** What is asked of a guard, as often as it takes to tell its cost. */
const sessions = async (bench: Bench, folder: string, owner: Owner, rate: number): Promise<void> => {
  const { app, close } = await openInProcess(folder, 'commands');
  const guard = app.get(AuthenticationGuard);
  const handler = () => undefined;
  const ask = (): Promise<boolean> => {
    const request = {
      method: 'GET',
      routeOptions: { url: '/v1/me' },
      headers: { authorization: `Bearer ${owner.token}` },
    };
    const context = { getHandler: () => handler, switchToHttp: () => ({ getRequest: () => request }) };
    return guard.canActivate(context as unknown as ExecutionContext);
  };
  const times: number[] = [];
  for (let round = 0; round <= 5; round++) {
    const begun = performance.now();
    for (let n = 0; n < bench.pick(5_000, 50_000); n++) await ask();
    times.push(((performance.now() - begun) * 1_000) / bench.pick(5_000, 50_000));
  }
  await close();
  bench.report.figure({
    name: 'a verified session, with the rights of its person',
    unit: 'µs',
    values: times.slice(1),
    floor: { name: 'GET /v1/me c64', values: times.slice(1).map(() => 1e6 / rate) },
    goal: { ratioAtMost: 0.15 },
  });
};

/** As the product hashes: two at once, each on a thread of its own. */
const bareHashes = async (ms: number): Promise<number> => {
  const hashed = await hash(password, { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 });
  const { perSecond } = await underLoad({ workers: 2, warmMs: ms / 4, measureMs: ms }, () =>
    verify(hashed, password),
  );
  return perSecond;
};

/** Somebody else who reads, from a process of their own. */
const reads = (product: Child, owner: Owner, ms: number): Promise<Reading> =>
  runToEnd(['--enable-source-maps', 'test/bench/reader-process.ts', product.url, owner.token, String(ms)]);

/** Somebody who is not there, and a wrong password, in turn: the time must not tell them apart. */
const guessing = async (bench: Bench, product: Child, owner: Owner): Promise<void> => {
  const [anybody] = (await connections(product.url, 1)) as [HttpConnection];
  const known: number[] = [];
  const unknown: number[] = [];
  for (let n = 0; n < bench.pick(30, 2_000); n++)
    for (const [times, name] of [
      [known, 'owner'],
      [unknown, `nobody-${n}`],
    ] as const) {
      const begun = performance.now();
      const guess = { email: `${name}@${owner.domain}`, password: `guess number ${n}` };
      const { status } = await anybody.request('POST', '/v1/sessions', guess);
      times.push(performance.now() - begun);
      if (status !== 401) throw new Error(`a guess answered ${status}`);
    }
  anybody.close();
  bench.report.figure({
    name: 'known beside unknown: medians apart by',
    unit: 'ms',
    values: [Math.abs(quantiles(known).p50 - quantiles(unknown).p50)],
    goal: { atMost: 2 },
    note: `2 × ${known.length} wrong passwords, ${quantiles(known).p50.toFixed(2)} and ${quantiles(unknown).p50.toFixed(2)} ms`,
  });
};

const signingIn = async (bench: Bench, product: Child, owner: Owner): Promise<void> => {
  const ms = bench.pick(400, 8_000);
  const anybody = await connections(product.url, SIGNING_IN);
  const email = `owner@${owner.domain}`;
  const one = (worker: number) =>
    (anybody[worker] as HttpConnection).json('POST', '/v1/sessions', { email, password });
  const idle: Reading[] = [];
  const meanwhile: Reading[] = [];
  const floor: number[] = [];
  const mine: Load[] = [];
  for (let round = 0; round < bench.pick(1, 5); round++) {
    floor.push(await bareHashes(ms));
    mine.push(await underLoad({ workers: SIGNING_IN, warmMs: ms / 4, measureMs: ms }, one));
    idle.push(await reads(product, owner, ms));
    const reading = reads(product, owner, ms);
    await underLoad({ workers: SIGNING_IN, warmMs: 0, measureMs: AT_MOST_MS, end: reading }, one);
    meanwhile.push(await reading);
  }
  bench.report.figure({
    name: `sign-ins c${SIGNING_IN}`,
    unit: '/s',
    values: mine.map(({ perSecond }) => perSecond),
    floor: { name: 'bare Argon2id, two at once', values: floor },
    goal: { ratioAtLeast: 0.9 },
    note: timesOf(mine),
    broken: brokenBy(mine),
  });
  bench.report.figure({
    name: `p99 of GET /v1/me while ${SIGNING_IN} sign in`,
    unit: 'ms',
    values: meanwhile.map(({ p99 }) => p99),
    floor: { name: 'idle', values: idle.map(({ p99 }) => p99) },
    goal: { ratioAtMost: 2 },
    note: timesOf(meanwhile),
    broken: brokenBy([...idle, ...meanwhile]),
  });
  bench.report.figure({
    name: 'the same without what the reader waited for a core',
    unit: 'ms',
    values: meanwhile.map(({ lessOwn }) => lessOwn),
    floor: { name: 'idle', values: idle.map(({ lessOwn }) => lessOwn) },
    note: 'it has none of its own beside the product and two that hash; not judged',
  });
  for (const connection of anybody) connection.close();
};
