import { nouns } from '#application';
import type { Call, OrgledgerCommand } from '#commands';
import { NO_STREAM } from '#event-store';
import { isRefusal } from '#kernel';
import { type Bench, brokenBy, timesOf } from './bench.ts';
import { type EventRow, GroupCommitFloor } from './group-commit-floor.ts';
import { type InProcess, openInProcess } from './in-process.ts';
import { type Load, underLoad } from './load.ts';
import { newMetadata } from './seeds.ts';

const STREAMS = 5_000;
const ORGANIZATION = `org_${'b'.repeat(32)}`;
const OWNER = `usr_${'a'.repeat(32)}`;

const call: Call = {
  principal: {
    type: 'user',
    id: OWNER,
    userId: OWNER,
    organizationId: ORGANIZATION,
    role: 'owner',
    emailVerified: true,
  },
  dryRun: false,
  source: 'api',
  sourceIp: null,
  userAgent: null,
};

const accountOf = (stream: number): string => `acc_${stream.toString(16).padStart(32, '0')}`;

const UpdateAccount = nouns.flatMap(({ rows = [] }) => rows).find(({ on }) => on.name === 'UpdateAccount')
  ?.on as new () => OrgledgerCommand;

/** 5,000 accounts to rename, each a stream of its own. */
class Accounts {
  readonly #product: InProcess;
  acknowledged = 0;
  #last = 0;

  constructor(product: InProcess) {
    this.#product = product;
  }

  async create(): Promise<void> {
    const { events } = this.#product.platform.stores;
    const createdAt = new Date().toISOString();
    for (let from = 0; from < STREAMS; from += 1_000)
      await Promise.all(
        Array.from({ length: 1_000 }, (_, index) => {
          const accountId = accountOf(from + index);
          const data = {
            accountId,
            organizationId: ORGANIZATION,
            name: 'An account',
            ownerId: OWNER,
            createdAt,
          };
          const metadata = newMetadata(ORGANIZATION, OWNER, createdAt);
          return events.append(`account-${accountId}`, NO_STREAM, [
            { id: metadata.commandId, type: 'AccountCreated', data, metadata },
          ]);
        }),
      );
  }

  /** Load, decide, append, through the command bus. */
  async rename(stream: number): Promise<void> {
    this.#last += 1;
    const name = `Account number ${this.#last} of the benchmark`;
    const command = Object.assign(new UpdateAccount(), { name });
    const outcome = await this.#product.commands.send(
      command,
      { accountId: accountOf(stream) } as object,
      call,
    );
    if (isRefusal(outcome)) throw new Error(outcome.code);
    this.acknowledged += 1;
  }

  /** The bytes that one renaming stores. */
  async row(): Promise<EventRow> {
    await this.rename(0);
    const stored = (await this.#product.platform.stores.events.read(`account-${accountOf(0)}`)).at(-1);
    return {
      type: stored?.type as string,
      data: JSON.stringify(stored?.data),
      meta: JSON.stringify(stored?.metadata),
    };
  }

  /** Every acknowledged command is in the log exactly once, every stream without a gap. */
  async check(): Promise<string | undefined> {
    const revisions = new Map<string, number>();
    let renamed = 0;
    for await (const batch of this.#product.platform.stores.events.readAll({ batchSize: 5_000 }))
      for (const { stream, revision, type } of batch) {
        if (revision !== (revisions.get(stream) ?? -1) + 1) return `${stream} has a gap before ${revision}`;
        revisions.set(stream, revision);
        if (type === 'AccountRenamed') renamed += 1;
      }
    return renamed === this.acknowledged
      ? undefined
      : `${this.acknowledged} acknowledged, ${renamed} in the log`;
  }
}

/** Each worker walks through streams that no other one touches. */
const apart = (workers: number): ((worker: number) => number) => {
  const next = Array.from({ length: workers }, (_, worker) => worker);
  return (worker) => {
    const stream = next[worker] as number;
    next[worker] = stream + workers < STREAMS ? stream + workers : worker;
    return stream;
  };
};

export const commands = async (bench: Bench): Promise<void> => {
  bench.report.part('command', 'W7, G4: UpdateAccount through the command bus on 5,000 streams, in process');
  const window = { warmMs: bench.pick(100, 1_000), measureMs: bench.pick(350, 5_000) };
  const counts = [1, 16, 64];
  const bare = await openInProcess(bench.folder('commands'), 'commands');
  const followed = await openInProcess(bench.folder('commands-followed'), 'all');
  const alone = new Accounts(bare);
  const watched = new Accounts(followed);
  await alone.create();
  await watched.create();
  const floor = new GroupCommitFloor(bench.folder('commands-floor'), await alone.row(), STREAMS);
  await Promise.all(Array.from({ length: STREAMS }, () => floor.append()));
  const runs = new Map<string, Load[]>();
  const run = async (name: string, workers: number, work: (stream: number) => Promise<void>) => {
    const streams = apart(workers);
    const load = await underLoad({ workers, ...window }, (worker) => work(streams(worker)));
    runs.set(name, [...(runs.get(name) ?? []), load]);
  };
  for (let round = 0; round < bench.rounds; round++)
    for (const workers of counts) {
      await run(`floor ${workers}`, workers, () => floor.append());
      await run(`alone ${workers}`, workers, (stream) => alone.rename(stream));
      await run(`watched ${workers}`, workers, (stream) => watched.rename(stream));
      await caughtUp(followed);
    }
  const contended: Load[] = [];
  for (let round = 0; round < bench.rounds; round++)
    contended.push(await underLoad({ workers: 64, ...window }, () => alone.rename(STREAMS - 1)));
  const unlike = { alone: await alone.check(), watched: await watched.check() };
  const rate = (name: string) => (runs.get(name) as Load[]).map(({ perSecond }) => perSecond);
  for (const kind of ['alone', 'watched'] as const)
    for (const workers of counts) {
      const loads = runs.get(`${kind} ${workers}`) as Load[];
      const share = workers === 1 ? 0.8 : workers === 64 ? 0.5 : undefined;
      bench.report.figure({
        name: `command c${workers}${kind === 'watched' ? ', projections and policies running' : ''}`,
        unit: '/s',
        values: rate(`${kind} ${workers}`),
        floor: { name: `group commit c${workers}`, values: rate(`floor ${workers}`) },
        ...(share && kind === 'alone' ? { goal: { ratioAtLeast: share } } : {}),
        durability: 'D1',
        note: timesOf(loads),
        broken: brokenBy(loads, unlike[kind]),
      });
    }
  bench.report.figure({
    name: 'command c64 on one stream (W7b)',
    unit: '/s',
    values: contended.map(({ perSecond }) => perSecond),
    floor: { name: 'uncontended c64', values: rate('alone 64') },
    durability: 'D1',
    note: timesOf(contended),
    broken: brokenBy(contended, unlike.alone),
  });
  floor.close();
  await followed.close();
  await bare.close();
};

/** Lets projections and policies reach the end of the log, so that no window works off what another left. */
const caughtUp = async ({ platform, projector }: InProcess): Promise<void> => {
  const head = await platform.events.head();
  while (!(await projector.waitFor(head, 60_000)));
};
