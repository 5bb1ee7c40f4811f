import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import type { HttpConnection } from './http-connection.ts';
import { quantiles } from './load.ts';
import { connections, signUpOwner, startProduct } from './product.ts';

interface Accounts {
  readonly items: readonly { readonly name: string }[];
}

/** As everywhere: what a fresh process does first is not what is measured. */
const WARM_MS = 2_000;

export const lag = async (bench: Bench): Promise<void> => {
  bench.report.part(
    'lag',
    'W8, G6: acknowledged until the answer to a list shows it, 0–20 ms between lone writes',
  );
  const product = await startProduct(bench.folder('lag'));
  const owner = await signUpOwner(product.url, 'lag.example');
  const [writing, reading] = (await connections(product.url, 2, owner.token)) as [
    HttpConnection,
    HttpConnection,
  ];
  const list = `/v1/organizations/${owner.organizationId}/accounts`;
  let writes = 0;
  const rename = async (): Promise<{ name: string; position: string }> => {
    await sleep(Math.random() * 20);
    writes += 1;
    const name = `Account ${writes}`;
    const { position } = await writing.json<{ position: string }>(
      'PATCH',
      `/v1/accounts/${owner.accountId}`,
      { name },
    );
    return { name, position };
  };
  const shows = async (path: string, name: string): Promise<boolean> =>
    (await reading.json<Accounts>('GET', path)).items[0]?.name === name;
  const visible = async (): Promise<number> => {
    const { name } = await rename();
    const acknowledged = performance.now();
    while (!(await shows(list, name)))
      if (performance.now() - acknowledged > 5_000) throw new Error(`${name} does not become visible`);
    return performance.now() - acknowledged;
  };
  const cold: number[] = [];
  for (const until = performance.now() + WARM_MS; performance.now() < until; ) cold.push(await visible());
  const count = bench.pick(80, 1_000);
  const lags: number[] = [];
  for (let write = 0; write < count; write++) lags.push(await visible());
  const waits: number[] = [];
  let stale = 0;
  for (let write = 0; write < count; write++) {
    const { name, position } = await rename();
    const asked = performance.now();
    if (!(await shows(`${list}?minPosition=${position}`, name))) stale += 1;
    waits.push(performance.now() - asked);
  }
  const once: number[] = [];
  for (let read = 0; read < 200; read++) {
    const asked = performance.now();
    await reading.json('GET', list);
    once.push(performance.now() - asked);
  }
  const { p50, p99, max } = quantiles(lags);
  const roundTrip = { name: 'one list request', values: [quantiles(once).p50] };
  const times = `${count} writes, p50 ${p50.toFixed(2)} ms, max ${max.toFixed(1)} ms`;
  bench.report.figure({
    name: 'visible after, p99',
    unit: 'ms',
    values: [p99],
    floor: roundTrip,
    goal: { atMost: 5 },
    note: times,
  });
  bench.report.figure({
    name: 'the same with the warm-up, p99',
    unit: 'ms',
    values: [quantiles([...cold, ...lags]).p99],
    note: `${cold.length} writes more, from the first one after the start on`,
  });
  bench.report.figure({
    name: 'stale reads with minPosition',
    unit: 'reads',
    values: [stale],
    goal: { atMost: 0 },
    note: `${count} writes, p99 of the waiting read ${quantiles(waits).p99.toFixed(2)} ms`,
  });
  writing.close();
  reading.close();
  await product.stop();
};
