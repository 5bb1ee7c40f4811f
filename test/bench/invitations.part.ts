import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, brokenBy, timesOf } from './bench.ts';
import { Child } from './child.ts';
import { GroupCommitFloor, inviteRow, ofReference } from './group-commit-floor.ts';
import type { HttpConnection } from './http-connection.ts';
import { type Load, underLoad } from './load.ts';
import { connections, type Owner, settled, signUpOwner, startProduct } from './product.ts';

const INVITES = 2_000;

/** Sends invitations, each to an address of its own. */
export class Inviting {
  readonly #owner: Owner;
  readonly #open: readonly HttpConnection[];
  readonly #mark: string;
  acknowledged = 0;
  #last = 0;

  constructor(owner: Owner, open: readonly HttpConnection[], mark: string) {
    this.#owner = owner;
    this.#open = open;
    this.#mark = mark;
  }

  async one(worker: number): Promise<void> {
    const { organizationId, domain } = this.#owner;
    this.#last += 1;
    const email = `person.${this.#mark}.${this.#last}@${domain}`;
    const connection = this.#open[worker] as HttpConnection;
    const { status, text } = await connection.request(
      'POST',
      `/v1/organizations/${organizationId}/invitations`,
      {
        email,
        role: 'standard_user',
      },
    );
    if (status !== 201) throw new Error(`an invitation answered ${status} ${text.slice(0, 200)}`);
    this.acknowledged += 1;
  }
}

export const pendingOf = async (url: string, { token, organizationId }: Owner): Promise<number> => {
  await settled(url);
  const [connection] = (await connections(url, 1, token)) as [HttpConnection];
  const path = `/v1/organizations/${organizationId}/invitations?status=pending&limit=1`;
  const { total } = await connection.json<{ total: number }>('GET', path);
  connection.close();
  return total;
};

export const invitations = async (bench: Bench): Promise<void> => {
  bench.report.part('invite', 'W1: POST an invitation over HTTP, a process of its own; W13: memory');
  const counts = [1, 16, 64];
  const window = { warmMs: bench.pick(250, 2_000), measureMs: bench.pick(700, 10_000) };
  const read = { warmMs: bench.pick(100, 1_000), measureMs: bench.pick(300, 5_000) };
  const product = await startProduct(bench.folder('invite'));
  await sleep(bench.pick(1_000, 10_000));
  const idle = product.residentMb;
  const owner = await signUpOwner(product.url, 'invite.example');
  const open = await connections(product.url, 64, owner.token);
  const bare = await Child.start(['--enable-source-maps', 'test/bench/bare-nest.js']);
  const floor = new GroupCommitFloor(bench.folder('invite-floor'), inviteRow, 5_000);
  const runs = new Map<string, Load[]>();
  const run = async (name: string, load: Load) => {
    runs.set(name, [...(runs.get(name) ?? []), load]);
    await settled(product.url);
  };
  const inviting = new Inviting(owner, open, 'w1');
  for (let round = 0; round < bench.rounds; round++) {
    await run('floor', await floor.c64(read));
    for (const workers of counts)
      await run(
        `invite ${workers}`,
        await underLoad({ workers, ...window }, (worker) => inviting.one(worker)),
      );
  }
  const loaded = product.residentMb;
  const found = await pendingOf(product.url, owner);
  const unlike =
    found === inviting.acknowledged
      ? undefined
      : `${inviting.acknowledged} acknowledged, ${found} in the list`;
  const loads = (name: string) => runs.get(name) as Load[];
  const rate = (name: string) => loads(name).map(({ perSecond }) => perSecond);
  for (const workers of counts)
    bench.report.figure({
      name: `invite c${workers}`,
      unit: '/s',
      values: rate(`invite ${workers}`),
      floor: { name: 'group commit c64', values: rate('floor') },
      ...(workers === 16 ? { goal: ofReference(INVITES) } : {}),
      durability: 'D1',
      note: timesOf(loads(`invite ${workers}`)),
      broken: brokenBy(loads(`invite ${workers}`), unlike),
    });
  bench.report.figure({
    name: 'memory idle after boot',
    unit: 'MB',
    values: [idle],
    floor: { name: 'bare Nest on Fastify', values: [bare.residentMb] },
    goal: { atMost: 160 },
  });
  bench.report.figure({
    name: `memory after ${inviting.acknowledged} invitations`,
    unit: 'MB',
    values: [loaded],
    goal: { atMost: 300 },
  });
  for (const connection of open) connection.close();
  floor.close();
  await bare.stop();
  await product.stop();
};
