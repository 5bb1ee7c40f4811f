import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import type { Child } from './child.ts';
import type { HttpConnection } from './http-connection.ts';
import { twoOrganizations } from './lists.part.ts';
import { quantiles, underLoad } from './load.ts';
import { connections, type Owner, settled, startProduct } from './product.ts';

/** More than one caller may have under way, less than the server takes. */
const CONNECTIONS = 1_600;

interface Flood {
  /** A second. */
  readonly offered: number;
  readonly done: number;
  readonly refusedMs: readonly number[];
  /** Neither done nor refused as it should be. */
  readonly wrong: readonly string[];
  /** Processor time of the thread that answers, and of this process, in milliseconds. */
  readonly answeringMs: number;
  readonly askingMs: number;
}

/** Asks at the given rate whether or not it is answered, as long as a connection is free. */
const flooded = async (
  product: Child,
  open: readonly HttpConnection[],
  path: string,
  { perSecond, ms }: { readonly perSecond: number; readonly ms: number },
): Promise<Flood> => {
  const idle = [...open];
  const refusedMs: number[] = [];
  const wrong: string[] = [];
  let [asked, done] = [0, 0];
  const answered = product.answeringMs;
  const used = process.cpuUsage();
  const begun = performance.now();
  const one = async (connection: HttpConnection): Promise<void> => {
    const sent = performance.now();
    try {
      const { status, text } = await connection.request('GET', path);
      const ended = performance.now();
      if (status === 503 && text.includes('"overloaded"')) refusedMs.push(ended - sent);
      else if (status !== 200) wrong.push(`${status} ${text.slice(0, 100)}`);
      else if (ended - begun <= ms) done += 1;
      idle.push(connection);
    } catch (error) {
      wrong.push((error as Error).message);
    }
  };
  const underWay: Promise<void>[] = [];
  for (let now = begun; now - begun < ms; now = performance.now()) {
    const due = Math.floor(((now - begun) * perSecond) / 1_000);
    for (; asked < due && idle.length > 0; asked += 1) underWay.push(one(idle.pop() as HttpConnection));
    await sleep(1);
  }
  const answeringMs = product.answeringMs - answered;
  const { user, system } = process.cpuUsage(used);
  const askingMs = (user + system) / 1_000;
  await Promise.all(underWay);
  const [offered, perSecondDone] = [asked, done].map((count) => (count * 1_000) / ms) as [number, number];
  return { offered, done: perSecondDone, refusedMs, wrong, answeringMs, askingMs };
};

const whole = (count: number): string => Math.round(count).toLocaleString('en-US');

const share = (part: number, whole: number): string => `${Math.round((100 * part) / whole)} %`;

/** What somebody else meets meanwhile. */
const meanwhile = async (connection: HttpConnection, path: string, isOver: () => boolean) => {
  const times: number[] = [];
  const failures: string[] = [];
  while (!isOver()) {
    const sent = performance.now();
    const { status } = await connection.request('GET', path);
    times.push(performance.now() - sent);
    if (status !== 200) failures.push(`${path} answered ${status}`);
    await sleep(10);
  }
  return { longest: Math.max(...times), failures };
};

export const overloads = async (bench: Bench): Promise<void> => {
  bench.report.part(
    'overload',
    'W15, G13, P18: pages of 50 people asked for at twice and four times what can be done, by one caller',
  );
  const { folder, organizations } = await twoOrganizations(bench);
  const [{ owner: other }, { owner: greedy }] = organizations;
  const product = await startProduct(folder);
  await settled(product.url);
  const pageOf = ({ organizationId }: Owner) => `/v1/organizations/${organizationId}/users?limit=50`;
  const open = await connections(product.url, CONNECTIONS, greedy.token);
  const [others] = (await connections(product.url, 1, other.token)) as [HttpConnection];
  const [watching] = (await connections(product.url, 1)) as [HttpConnection];
  const ms = bench.pick(1_000, 30_000);
  const path = pageOf(greedy);
  const ask = (worker: number) => (open[worker] as HttpConnection).json('GET', path);
  await underLoad({ workers: 64, warmMs: 0, measureMs: bench.pick(500, 3_000) }, ask);
  for (const times of [2, 4]) {
    const before = product.answeringMs;
    const capacity = await underLoad({ workers: 64, warmMs: 0, measureMs: ms }, ask);
    const aloneMs = product.answeringMs - before;
    let over = false;
    const [flood, theirs, health] = await Promise.all([
      flooded(product, open, path, { perSecond: capacity.perSecond * times, ms }).finally(() => {
        over = true;
      }),
      meanwhile(others, pageOf(other), () => over),
      meanwhile(watching, '/health/live', () => over),
    ]);
    const ended = performance.now();
    await others.json('GET', pageOf(other));
    const recovery = performance.now() - ended;
    const failures = [...flood.wrong, ...theirs.failures, ...health.failures];
    bench.report.figure({
      name: `done at ${times} times the capacity`,
      unit: '/s',
      values: [flood.done],
      floor: { name: 'c64, closed loop', values: [capacity.perSecond] },
      goal: { ratioAtLeast: 0.8 },
      note: `${whole(flood.offered)} asked a second of ${whole(capacity.perSecond * times)}, since whoever waits for an answer does not ask; others ${Math.round(theirs.longest)} ms, health ${Math.round(health.longest)} ms at the longest, recovered after ${Math.round(recovery)} ms`,
      broken: failures.length > 0 ? `${failures.length} wrong answers, first: ${failures[0]}` : undefined,
    });
    bench.report.figure({
      name: `the same, for each second of the answering thread's processor time`,
      unit: '',
      values: [(flood.done * ms) / flood.answeringMs],
      floor: { name: 'c64, closed loop', values: [(capacity.count * 1_000) / aloneMs] },
      note: `whichever cores the system gives; of the window it had ${share(flood.answeringMs, ms)}, whoever asked ${share(flood.askingMs, ms)} of a core`,
    });
    bench.report.figure({
      name: `p99 of a refusal at ${times} times`,
      unit: 'ms',
      values: [flood.refusedMs.length > 0 ? quantiles(flood.refusedMs).p99 : 0],
      goal: { atMost: 50 },
      note: `${flood.refusedMs.length} refused`,
    });
  }
  for (const connection of [...open, others, watching]) connection.close();
  await product.stop();
};
