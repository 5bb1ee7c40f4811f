import { type Bench, brokenBy, timesOf } from './bench.ts';
import { BetterAuth, type Guest } from './better-auth.ts';
import type { Child } from './child.ts';
import type { HttpConnection } from './http-connection.ts';
import { Inviting, pendingOf } from './invitations.part.ts';
import { organized } from './lists.part.ts';
import { underLoad, type WindowLoad } from './load.ts';
import { type Invited, peopled } from './people.part.ts';
import { connections, settled, signUpOwner, startProduct } from './product.ts';
import { organizationOf, seedStopped } from './seeds.ts';

const MEMBERS = 1_000;
const PAGE = 50;
const PEER = 'better-auth';

/** One window of one side. */
interface Turn extends WindowLoad {
  /** Processor time of all threads for one call, with what follows from it. */
  readonly msEach: number;
}

interface Turns {
  readonly mine: Turn[];
  readonly theirs: Turn[];
}

type Call = (worker: number) => Promise<unknown>;

/** The product and the peer by turns, with as many workers as each count says. */
const byTurns = async (
  bench: Bench,
  counts: readonly number[],
  { product, peer }: { readonly product: Child; readonly peer: BetterAuth },
  calls: Readonly<Record<keyof Turns, Call>>,
): Promise<ReadonlyMap<number, Turns>> => {
  const window = { warmMs: bench.pick(250, 2_000), measureMs: bench.pick(1_000, 10_000) };
  const turnOf = async (workers: number, process: Child, call: Call): Promise<Turn> => {
    const before = process.allThreadsMs;
    let called = 0;
    const load = await underLoad({ workers, ...window }, (worker) => {
      called += 1;
      return call(worker);
    });
    await settled(product.url);
    return { ...load, msEach: (process.allThreadsMs - before) / called };
  };
  const turns = new Map(counts.map((workers) => [workers, { mine: [], theirs: [] } as Turns]));
  for (let round = 0; round < bench.rounds; round++)
    for (const [workers, { mine, theirs }] of turns) {
      mine.push(await turnOf(workers, product, calls.mine));
      theirs.push(await turnOf(workers, peer.process, calls.theirs));
    }
  return turns;
};

const compare = (
  bench: Bench,
  what: string,
  turns: ReadonlyMap<number, Turns>,
  about: {
    readonly atLeast: number;
    readonly durability: 'D1' | 'D0';
    readonly unlike?: string;
  },
): void => {
  for (const [workers, { mine, theirs }] of turns) {
    const both = [...mine, ...theirs];
    const empty = both.some(({ count }) => count === 0);
    bench.report.figure({
      name: `${what} c${workers}`,
      unit: '/s',
      values: mine.map(({ answersPerSecond }) => answersPerSecond),
      floor: { name: PEER, values: theirs.map(({ answersPerSecond }) => answersPerSecond) },
      goal: { ratioAtLeast: about.atLeast },
      durability: about.durability,
      note: `${timesOf(mine)}; ${PEER} ${timesOf(theirs)}`,
      broken: brokenBy(both, about.unlike) ?? (empty ? 'a window was too short for an answer' : undefined),
    });
    bench.report.figure({
      name: `${what} c${workers}, processor time of each`,
      unit: 'ms',
      values: mine.map(({ msEach }) => msEach),
      floor: { name: PEER, values: theirs.map(({ msEach }) => msEach) },
    });
  }
};

const unlikeOf = (side: string, acknowledged: number, found: number): string | undefined =>
  found === acknowledged ? undefined : `${side}: ${acknowledged} acknowledged, ${found} found`;

/** Each is used once. */
const oneByOne = <T>(items: readonly T[]): { next(): T; taken(): number } => {
  let taken = 0;
  return {
    next() {
      const item = items[taken];
      if (item === undefined) throw new Error(`all ${items.length} are used`);
      taken += 1;
      return item;
    },
    taken: () => taken,
  };
};

/** W1: G1, and of G10 what is held to the peer. */
export const invitesBeside = async (bench: Bench): Promise<void> => {
  bench.report.part(
    'peer-invite',
    `W1, G1: POST an invitation, organization of ${MEMBERS}, by turns with ${PEER}`,
  );
  const folder = bench.folder('peer-invite');
  const founding = await startProduct(folder);
  const owner = await signUpOwner(founding.url, 'invite.example');
  await founding.stop();
  const { organizationId, userId } = owner;
  await seedStopped(folder, organizationOf('e', organizationId, userId, MEMBERS), userId);
  const product = await startProduct(folder);
  const peer = await BetterAuth.start(folder);
  const host = await peer.host('invite');
  peer.seedMembers(host, MEMBERS);
  const open = await connections(product.url, 64, owner.token);
  const peerOpen = (await peer.connections(64)).map((connection) => connection.with(host.lines));
  const inviting = new Inviting(owner, open, 'peer');
  const before = await pendingOf(product.url, owner);
  let invited = 0;
  const turns = await byTurns(
    bench,
    [16, 64],
    { product, peer },
    {
      mine: (worker) => inviting.one(worker),
      async theirs(worker) {
        invited += 1;
        const email = `person.${invited}@invite.example`;
        await peer.invite(peerOpen[worker] as HttpConnection, host, email);
      },
    },
  );
  compare(bench, 'invite', turns, {
    atLeast: 10,
    durability: 'D1',
    unlike:
      unlikeOf('product', inviting.acknowledged, (await pendingOf(product.url, owner)) - before) ??
      unlikeOf(PEER, invited, peer.pendingOf(host)),
  });
  const { mine, theirs } = turns.get(64) as Turns;
  bench.report.figure({
    name: 'invite c64, p99',
    unit: 'ms',
    values: mine.map(({ p99 }) => p99),
    floor: { name: PEER, values: theirs.map(({ p99 }) => p99) },
    goal: { ratioAtMost: 0.125 },
    durability: 'D1',
    broken: brokenBy([...mine, ...theirs]),
  });
  for (const connection of [...open, ...peerOpen]) connection.close();
  await peer.stop();
  await product.stop();
};

/** W2, G2. */
export const acceptsBeside = async (bench: Bench): Promise<void> => {
  const people = bench.pick(4_000, 60_000);
  bench.report.part('peer-accept', `W2, G2: POST accept by people who are signed in, by turns with ${PEER}`);
  const folder = bench.folder('peer-accept');
  const { owner, invited } = await peopled(folder, { people, landlords: 0, others: MEMBERS });
  const product = await startProduct(folder);
  const peer = await BetterAuth.start(folder);
  const host = await peer.host('accept');
  peer.seedMembers(host, MEMBERS);
  const guests = oneByOne<Guest>(peer.seedGuests(host, people >> 1));
  const mine = oneByOne<Invited>(invited);
  await settled(product.url);
  const open = await connections(product.url, 16, owner.token);
  const peerOpen = await peer.connections(16);
  const managed = `/v1/organizations/${owner.organizationId}/users?kind=managed&limit=1`;
  const members = async () => ({
    mine: (await (open[0] as HttpConnection).as(owner.token).json<{ total: number }>('GET', managed)).total,
    theirs: (await peer.page((peerOpen[0] as HttpConnection).with(host.lines), host, 1, 0)).total,
  });
  const before = await members();
  const turns = await byTurns(
    bench,
    [16],
    { product, peer },
    {
      mine: (worker) => {
        const { session, link: token } = mine.next();
        return (open[worker] as HttpConnection).as(session).json('POST', '/v1/invitations/accept', { token });
      },
      theirs: (worker) => peer.accept(peerOpen[worker] as HttpConnection, guests.next()),
    },
  );
  const after = await members();
  compare(bench, 'accept', turns, {
    atLeast: 12,
    durability: 'D1',
    unlike:
      unlikeOf('product', mine.taken(), after.mine - before.mine) ??
      unlikeOf(PEER, guests.taken(), after.theirs - before.theirs),
  });
  for (const connection of [...open, ...peerOpen]) connection.close();
  await peer.stop();
  await product.stop();
};

/** W3, G3: every worker walks the list to its end and begins again. */
export const listsBeside =
  (count: number, atLeast: number) =>
  async (bench: Bench): Promise<void> => {
    const shown = count.toLocaleString('en-US');
    bench.report.part(
      count === 1_000 ? 'peer-list-1k' : 'peer-list-100k',
      `W3, G3: pages of ${PAGE} of ${shown} members with their total, walked, by turns with ${PEER}`,
    );
    const folder = bench.folder(`peer-list-${count}`);
    const [, { owner }] = await organized(folder, count);
    const product = await startProduct(folder);
    const peer = await BetterAuth.start(folder);
    const host = await peer.host('list');
    peer.seedMembers(host, count);
    await settled(product.url);
    const open = await connections(product.url, 16, owner.token);
    const peerOpen = (await peer.connections(16)).map((connection) => connection.with(host.lines));
    const first = `/v1/organizations/${owner.organizationId}/users?limit=${PAGE}`;
    const cursors: (string | null)[] = open.map(() => null);
    const offsets = peerOpen.map(() => 0);
    const check = (items: readonly unknown[], total: number, last: boolean): void => {
      if (total !== count + 1 || (items.length !== PAGE && !last))
        throw new Error(`a page of ${items.length} of ${total}`);
    };
    const turns = await byTurns(
      bench,
      [1, 16],
      { product, peer },
      {
        async mine(worker) {
          const cursor = cursors[worker];
          const page = await (open[worker] as HttpConnection).json<{
            items: readonly unknown[];
            total: number;
            nextCursor: string | null;
          }>('GET', cursor ? `${first}&cursor=${cursor}` : first);
          check(page.items, page.total, page.nextCursor === null);
          cursors[worker] = page.nextCursor;
        },
        async theirs(worker) {
          const offset = offsets[worker] as number;
          const page = await peer.page(peerOpen[worker] as HttpConnection, host, PAGE, offset);
          const last = offset + PAGE >= page.total;
          check(page.members, page.total, last);
          offsets[worker] = last ? 0 : offset + PAGE;
        },
      },
    );
    compare(bench, `page of ${PAGE} of ${shown}`, turns, { atLeast, durability: 'D0' });
    for (const connection of [...open, ...peerOpen]) connection.close();
    await peer.stop();
    await product.stop();
  };
