import type { Bench } from './bench.ts';
import { Child } from './child.ts';
import { HttpConnection } from './http-connection.ts';
import { Inviting } from './invitations.part.ts';
import { largeCount, twoOrganizations } from './lists.part.ts';
import { connections, productArgs, productEnv, settled, signUpOwner, startProduct } from './product.ts';
import { median } from './report.ts';

/** From the start of the process to the first 200, in milliseconds. */
const boot = async (
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  path: string,
): Promise<[Child, number]> => {
  const child = await Child.start(args, env);
  const connection = await HttpConnection.open(child.url);
  while ((await connection.request('GET', path)).status !== 200)
    await new Promise((resume) => setTimeout(resume, 5));
  const took = performance.now() - child.startedAt;
  connection.close();
  return [child, took];
};

export const boots = async (bench: Bench): Promise<void> => {
  bench.report.part('boot', 'W12, G11: start of the process to the first 200');
  const empty = bench.folder('boot-empty');
  const { folder: full } = await twoOrganizations(bench);
  const followed = await startProduct(full);
  await settled(followed.url);
  await followed.stop();
  const killed = bench.folder('boot-killed');
  await killedUnderLoad(killed, bench.pick(300, 1_000));
  const count = largeCount(bench);
  const times = { bare: [] as number[], empty: [] as number[], full: [] as number[], killed: [] as number[] };
  const bareArgs = ['--enable-source-maps', 'test/bench/bare-nest.js'];
  for (let round = 0; round < bench.pick(2, 7); round++) {
    const one = async (
      into: number[],
      args: readonly string[],
      env: NodeJS.ProcessEnv,
      path: string,
      end: NodeJS.Signals,
    ) => {
      const [child, took] = await boot(args, env, path);
      into.push(took);
      await child.stop(end);
    };
    await one(times.bare, bareArgs, {}, '/v1/me', 'SIGTERM');
    await one(times.empty, productArgs, productEnv(empty), '/health/ready', 'SIGTERM');
    await one(times.full, productArgs, productEnv(full), '/health/ready', 'SIGTERM');
    await one(times.killed, productArgs, productEnv(killed), '/health/ready', 'SIGKILL');
  }
  const floor = { name: 'bare Nest on Fastify', values: times.bare };
  bench.report.figure({
    name: 'boot, empty folder',
    unit: 'ms',
    values: times.empty,
    floor,
    goal: { ratioAtMost: 2.5 },
  });
  bench.report.figure({
    name: `boot, ${count.toLocaleString('en-US')} events`,
    unit: 'ms',
    values: times.full,
    floor,
  });
  bench.report.figure({
    name: 'more than empty',
    unit: 'ms',
    values: [median(times.full) - median(times.empty)],
    goal: { atMost: 500 },
  });
  bench.report.figure({
    name: 'boot after SIGKILL under load',
    unit: 'ms',
    values: times.killed,
    floor: { name: 'clean stop, empty folder', values: times.empty },
    goal: { ratioAtMost: 2 },
  });
};

const killedUnderLoad = async (folder: string, invitations: number): Promise<void> => {
  const product = await startProduct(folder);
  const owner = await signUpOwner(product.url, 'boot.example');
  const open = await connections(product.url, 16, owner.token);
  const inviting = new Inviting(owner, open, 'boot');
  const writing = open.map(async (_, worker) => {
    for (;;) await inviting.one(worker);
  });
  const ended = Promise.allSettled(writing);
  while (inviting.acknowledged < invitations) await new Promise((resume) => setTimeout(resume, 10));
  await product.stop('SIGKILL');
  await ended;
};
