import { openPlatform, type Platform } from '#application';
import { anonymous, commandIdFor, idFrom } from '#commands';
import { NO_STREAM } from '#event-store';
import { readSettings } from '#settings';
import { Sessions } from '#sign-in';
import { LinkTokens } from '#tokens';
import { deletion, removal } from '../support/acknowledgements.ts';
import { Crowd, type Member } from '../support/crowd.ts';
import { type Bench, brokenBy, timesOf } from './bench.ts';
import { GroupCommitFloor, inviteRow, ofReference } from './group-commit-floor.ts';
import type { HttpConnection } from './http-connection.ts';
import { eachOnce, type Load } from './load.ts';
import { connections, type Owner, productEnv, settled, signUpOwner, startProduct } from './product.ts';
import { appendAll, lives, newMetadata, policiesHaveSeenAll } from './seeds.ts';

const WORKERS = 16;
const ACCEPTS = 2_000;
const DOMAIN = 'people.example';
const ACCOUNTS_EACH = 100;

/** Somebody who is there, belongs to nobody, is signed in and has an invitation. */
export interface Invited {
  readonly userId: string;
  readonly session: string;
  readonly link: string;
}

interface Landlord extends Member {
  readonly accountIds: readonly string[];
}

interface Scene {
  readonly owner: Owner;
  readonly invited: readonly Invited[];
  readonly landlords: readonly Landlord[];
  readonly accountIds: readonly string[];
}

const opened = (folder: string): Promise<Platform> => openPlatform(readSettings(productEnv(folder)));

/** Pieces that are written at the same moment share a commit. */
const many = async <T>(count: number, one: (index: number) => Promise<T>): Promise<T[]> => {
  const made: T[] = [];
  for (let from = 0; from < count; from += 500) {
    const group = Array.from({ length: Math.min(500, count - from) }, (_, index) => one(from + index));
    made.push(...(await Promise.all(group)));
  }
  return made;
};

const invitedTo = async (platform: Platform, crowd: Crowd, owner: Owner): Promise<Invited> => {
  const { stores, master, clock, events } = platform;
  const { organizationId } = owner;
  const { userId, email } = await crowd.person(DOMAIN);
  const sessions = new Sessions(stores.records, master, clock);
  const session = (await sessions.create({ userId, epoch: 0 }))?.token ?? '';
  const links = new LinkTokens(master);
  const commandId = commandIdFor(anonymous, undefined, null);
  const invitationId = idFrom(commandId, 'inv');
  const link = links.issue('invitation', invitationId, 1);
  const sentAt = new Date(clock.now()).toISOString();
  const told = newMetadata(organizationId, owner.userId, sentAt);
  const metadata = { ...told, commandId, correlationId: commandId };
  const data = {
    invitationId,
    organizationId,
    userId,
    role: 'standard_user',
    accountId: null,
    accounts: [],
    joinsOrganizationId: null,
    absorbs: null,
    email,
    domain: DOMAIN,
    kind: 'existing_user',
    invitedBy: owner.userId,
    generation: 1,
    tokenHash: links.hash(link),
    sentAt,
    expiresAt: '2099-01-01T00:00:00.000Z',
    ownedAccountIds: [],
  };
  await events.append(`invitation-${invitationId}`, NO_STREAM, [
    { id: commandId, type: 'InviteSent', data, metadata },
  ]);
  return { userId, session, link };
};

const landlordOf = async (crowd: Crowd, { organizationId }: Owner): Promise<Landlord> => {
  const somebody = await crowd.person(DOMAIN, { organizationId, role: 'standard_user' });
  const accountIds = await many(ACCOUNTS_EACH, () => crowd.account(organizationId, somebody));
  return { ...somebody, accountIds };
};

/** A product that is stopped again, with an organization and people who are invited to it. */
export const peopled = async (
  folder: string,
  { people, landlords, others }: { people: number; landlords: number; others: number },
): Promise<Scene> => {
  const founding = await startProduct(folder);
  const owner = await signUpOwner(founding.url, DOMAIN);
  await founding.stop();
  const platform = await opened(folder);
  const crowd = new Crowd(platform.events);
  const { organizationId, userId } = owner;
  await appendAll(platform.stores.events, lives(organizationId, userId, others), userId);
  const host = { userId, email: `owner@${DOMAIN}`, role: 'owner' } as const;
  const scene = {
    owner,
    invited: await many(people, () => invitedTo(platform, crowd, owner)),
    landlords: await many(landlords, () => landlordOf(crowd, owner)),
    accountIds: await many(ACCOUNTS_EACH, () => crowd.account(organizationId, host)),
  };
  const head = await platform.events.head();
  await platform.stores.close();
  await policiesHaveSeenAll(folder, head);
  return scene;
};

/** Every stream without a gap; what was acknowledged is in the log, once for each person. */
const unlikeLog = async (folder: string, wanted: Readonly<Record<string, number>>) => {
  const platform = await opened(folder);
  const found: Record<string, number> = {};
  const revisions = new Map<string, number>();
  let gap: string | undefined;
  for await (const batch of platform.stores.events.readAll({ batchSize: 5_000 }))
    for (const { stream, revision, type } of batch) {
      if (revision !== (revisions.get(stream) ?? -1) + 1) gap ??= `${stream} has a gap before ${revision}`;
      revisions.set(stream, revision);
      found[type] = (found[type] ?? 0) + 1;
    }
  await platform.stores.close();
  const wrong = Object.entries(wanted).find(([type, count]) => found[type] !== count);
  return gap ?? (wrong && `${wrong[1]} × ${wrong[0]} acknowledged, ${found[wrong[0]]} in the log`);
};

/** What administrators do every day, and G2: an invitation accepted. */
export const people = async (bench: Bench): Promise<void> => {
  const perRound = bench.pick(300, 30_000);
  const count = perRound * bench.rounds;
  const landlords = bench.pick(2, 60);
  const deletions = bench.pick(5, 20);
  const others = bench.pick(0, 90_000);
  bench.report.part(
    'people',
    `G2, W5: accept, role, grant, removal over HTTP; ${count} people who exist and are signed in`,
  );
  const folder = bench.folder('people');
  const scene = await peopled(folder, { people: count, landlords, others });
  const { owner } = scene;
  const floor = new GroupCommitFloor(bench.folder('people-floor'), inviteRow, 5_000);
  const product = await startProduct(folder);
  await settled(product.url);
  const open = await connections(product.url, WORKERS, owner.token);
  const organization = `/v1/organizations/${owner.organizationId}`;
  const asOwner = (worker: number) => (open[worker] as HttpConnection).as(owner.token);

  const firsts: number[] = [];
  const runs = new Map<string, Load[]>();
  const run = async (name: string, load: Promise<Load>) => {
    runs.set(name, [...(runs.get(name) ?? []), await load]);
    await settled(product.url);
  };
  for (let round = 0; round < bench.rounds; round++) {
    const some = scene.invited.slice(round * perRound, (round + 1) * perRound);
    const once = <T>(items: readonly T[], call: (item: T, worker: number) => Promise<unknown>) =>
      eachOnce({ workers: WORKERS, warm: items.length >> 3 }, items, call);
    await run('floor', floor.c64({ warmMs: 100, measureMs: bench.pick(300, 5_000) }));
    await run(
      'accept',
      once(some, ({ session, link: token }, worker) =>
        (open[worker] as HttpConnection).as(session).json('POST', '/v1/invitations/accept', { token }),
      ),
    );
    await run(
      'role',
      once(some, ({ userId }, worker) =>
        asOwner(worker).json('PUT', `${organization}/users/${userId}/role`, { role: 'administrator' }),
      ),
    );
    await run(
      'grant',
      once([...some.entries()], ([index, { userId }], worker) =>
        asOwner(worker).json(
          'PUT',
          `/v1/accounts/${scene.accountIds[index % ACCOUNTS_EACH]}/users/${userId}/roles`,
          { roles: ['developer'] },
        ),
      ),
    );
    const [first, ...rest] = some.slice(0, deletions);
    const erase = ({ userId }: Invited) =>
      asOwner(0).json('POST', `${organization}/users/${userId}/delete`, { acknowledgements: deletion });
    const begun = performance.now();
    await erase(first as Invited);
    firsts.push(performance.now() - begun);
    await run('deletion', eachOnce({ workers: 1, warm: 1 }, rest, erase));
    const share = landlords / bench.rounds;
    await run(
      'removal',
      eachOnce(
        { workers: 1, warm: 1 },
        scene.landlords.slice(round * share, (round + 1) * share),
        ({ userId, accountIds }, worker) =>
          asOwner(worker).json('POST', `${organization}/users/${userId}/remove`, {
            acknowledgements: removal,
            accountOwners: Object.fromEntries(accountIds.map((id) => [id, owner.userId])),
          }),
      ),
    );
  }
  const total = async (path: string) => (await asOwner(0).json<{ total: number }>('GET', path)).total;
  const listed = {
    managed: await total(`${organization}/users?kind=managed&limit=1`),
    administrators: await total(`${organization}/users?role=administrator&limit=1`),
    owned: await total(`${organization}/accounts?ownerId=${owner.userId}&limit=1`),
  };
  for (const connection of open) connection.close();
  await product.stop();
  const expected = {
    managed: count + 1 + others - deletions * bench.rounds,
    administrators: count + others / 20 - deletions * bench.rounds,
    // Of more than so many a list tells that there are at least so many.
    owned: Math.min(1_000, 1 + ACCOUNTS_EACH * (landlords + 1)),
  };
  const differing = Object.entries(expected).find(
    ([name, value]) => listed[name as keyof typeof listed] !== value,
  );
  const unlike =
    (differing && `${differing[1]} ${differing[0]} expected, ${JSON.stringify(listed)} listed`) ??
    (await unlikeLog(folder, {
      InviteAccepted: count + others,
      OrganizationRoleChanged: count,
      AccountAccessGranted: count,
      AccountOwnershipTransferred: ACCOUNTS_EACH * landlords,
      UserRemovedFromOrg: landlords + deletions * bench.rounds,
      UserDataErased: deletions * bench.rounds,
    }));
  floor.close();
  const loads = (name: string) => runs.get(name) as Load[];
  const rate = (name: string) => loads(name).map(({ perSecond }) => perSecond);
  const named = {
    accept: 'accept c16',
    role: 'change of role c16',
    grant: `grant c16 on ${ACCOUNTS_EACH} accounts`,
  };
  for (const [name, title] of Object.entries(named))
    bench.report.figure({
      name: title,
      unit: '/s',
      values: rate(name),
      floor: { name: 'group commit c64', values: rate('floor') },
      ...(name === 'accept' ? { goal: ofReference(ACCEPTS) } : {}),
      durability: 'D1',
      note: timesOf(loads(name)),
      broken: brokenBy(loads(name), unlike),
    });
  bench.report.figure({
    name: `removal of somebody who owns ${ACCOUNTS_EACH} accounts`,
    unit: 'ms',
    values: loads('removal').map(({ p50 }) => p50),
    durability: 'D1',
    note: `p99 ${Math.max(...loads('removal').map(({ p99 }) => p99)).toFixed(1)} ms`,
    broken: brokenBy(loads('removal'), unlike),
  });
  bench.report.figure({
    name: 'deletion of somebody, everything erased',
    unit: 'ms',
    values: loads('deletion').map(({ p50 }) => p50),
    durability: 'D1',
    note: `p99 ${Math.max(...loads('deletion').map(({ p99 }) => p99)).toFixed(1)} ms; the first of each round ${firsts.map((ms) => ms.toFixed(0)).join(', ')} ms`,
    broken: brokenBy(loads('deletion'), unlike),
  });
};
