/**
 * Somebody who reads who they are, with a pause after each answer, as people ask; says as JSON how long that took. Arguments:
 * where the product listens, their token, for how many milliseconds, after a quarter as many for the compiler.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpConnection } from './http-connection.ts';
import { type Load, quantiles } from './load.ts';

export interface Reading extends Load {
  /** p99 without what this process waited for a core itself. */
  readonly lessOwn: number;
}

/** Milliseconds so far in which this thread was ready and had no core. Linux tells it; elsewhere 0. */
const waitedForCore = (): number => {
  try {
    const [, waited] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ');
    return Number(waited) / 1e6;
  } catch {
    return 0;
  }
};

const [url, token, asked] = process.argv.slice(2) as [string, string, string];
const ms = Number(asked);
const connection = await HttpConnection.open(url, token);
const from = performance.now() + ms / 4;
const times: number[] = [];
const lessOwn: number[] = [];
const errors: string[] = [];
for (const until = from + ms; performance.now() < until; await sleep(1)) {
  const waited = waitedForCore();
  const begun = performance.now();
  await connection.json('GET', '/v1/me').catch((error: Error) => errors.push(error.message));
  if (begun < from) continue;
  const time = performance.now() - begun;
  times.push(time);
  lessOwn.push(Math.max(0, time - (waitedForCore() - waited)));
}
connection.close();
const reading: Reading = {
  ...quantiles(times),
  ms,
  perSecond: (times.length * 1_000) / ms,
  count: times.length,
  errors,
  lessOwn: quantiles(lessOwn).p99,
};
process.stdout.write(`${JSON.stringify(reading)}\n`);
