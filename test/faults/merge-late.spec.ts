import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SpareTime } from '#clock';
import { Commands, Execution, idFrom, namedUuid, systemEnvelope } from '#commands';
import { Merging } from '#merges';
import { organizationLimits } from '#organizations';
import { PolicyRunner } from '#policies';
import { Room, user } from '#users';
import { ChangeAccountRoles } from '../../libs/accounts/src/account.commands.ts';
import { account } from '../../libs/accounts/src/account.ts';
import { RemoveUser } from '../../libs/users/src/user.commands.ts';
import { userRemoval } from '../../libs/users/src/user.departure.ts';
import { belonging } from '../support/belonging.ts';
import { Crowd, type Founded, type Member } from '../support/crowd.ts';
import { Mortal } from '../support/mortal.ts';

const mergeId = idFrom(namedUuid('a merge'), 'mrg');
const told = { correlationId: namedUuid('a merge'), cause: '' };
const acknowledgements = userRemoval.map(({ code }) => code);

describe('what follows from a command of before a merge, when the merge was faster', () => {
  let folder: string;
  let product: Mortal;
  let prime: Founded;
  let other: Founded;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'orgledger-merge-'));
    product = await Mortal.start(folder);
    const crowd = new Crowd(product.platform.events);
    prime = await crowd.organization({ domain: 'prime.example', members: 1, accounts: 1 });
    await crowd.verified(prime, 'prime.example');
    other = await crowd.organization({ domain: 'prime.example', members: 2, accounts: 2 });
    await product.settled();
  });
  afterEach(async () => {
    await product.end();
    rmSync(folder, { recursive: true, force: true });
  });

  /** From here on nothing follows, until the next process. */
  const hold = (): Promise<void> => product.get(PolicyRunner).stop();
  const next = async (): Promise<void> => {
    await product.end();
    product = await Mortal.start(folder);
    await product.settled();
  };
  const begun = () =>
    product.get(Merging).begin(
      {
        mergeId,
        organizationId: prime.organizationId,
        candidateOrganizationId: other.organizationId,
        candidateOwnerId: other.ownerId,
        role: 'standard_user',
        via: 'invitation',
        importId: null,
        invitationId: null,
      },
      told,
    );
  const merged = async (): Promise<void> => {
    await begun();
    expect(await product.get(Merging).finish(mergeId, 50, told)).toMatchObject({ status: 'completed' });
  };
  const issue = (command: string, fields: Record<string, unknown>, name = command): Promise<unknown> =>
    product.get(Commands).issue({ command, fields }, name, '');
  const accountOf = async (accountId: string) => {
    const { state } = await product.get(Execution).load(account, accountId);
    if (state.status === 'unknown') throw new Error('there is no such account');
    const { organizationId, ownerId, access } = state;
    return { organizationId, ownerId, access };
  };
  const grant = (accountId: string, { userId }: Member): Promise<unknown> =>
    product.done(new ChangeAccountRoles(), {
      organizationId: other.organizationId,
      accountId,
      userId,
      roles: ['support'],
    });
  const remove = ({ userId }: Member, accountOwners: Record<string, string>): Promise<unknown> =>
    product.done(Object.assign(new RemoveUser(), { acknowledgements, accountOwners }), {
      organizationId: other.organizationId,
      userId,
    });

  it('P18: each person and account that moves takes a turn, beside imports and not behind them', async () => {
    await hold();
    const turns = jest.spyOn(product.get(SpareTime), 'turn');
    await merged();
    const { members, accountIds } = other;
    // Before the plan is made, behind each of the two looks at what belongs to it, and for each that moves.
    expect(turns.mock.calls).toEqual(Array(3 + members.length + accountIds.length).fill(['merges']));
  });

  it.each(['a member', 'the Owner'] as const)(
    'USR-08, MRG-04, invariant 3: the access of who was removed ends where the account is, and what they owned goes to its next owner: to %s',
    async (named) => {
      const [owner, leaver, member] = other.members as [Member, Member, Member];
      const [ofOwner, ofLeaver] = other.accountIds as [string, string];
      await grant(ofOwner, leaver);
      await product.settled();
      await hold();
      const heir = named === 'a member' ? member : owner;
      await remove(leaver, { [ofLeaver]: heir.userId });
      await merged();
      await next();
      expect(await accountOf(ofOwner)).toEqual({
        organizationId: prime.organizationId,
        ownerId: owner.userId,
        access: { [owner.userId]: ['owner'] },
      });
      expect(await accountOf(ofLeaver)).toEqual({
        organizationId: prime.organizationId,
        ownerId: heir.userId,
        access: { [heir.userId]: ['owner'] },
      });
      expect((await belonging(product.platform.events)).wrongs).toEqual([]);
    },
    60_000,
  );

  it('USR-09: who took an account along keeps it', async () => {
    const [, leaver] = other.members as [Member, Member];
    const [, ofLeaver] = other.accountIds as [string, string];
    await hold();
    await remove(leaver, { [ofLeaver]: leaver.userId });
    await merged();
    await next();
    expect(await accountOf(ofLeaver)).toMatchObject({ organizationId: null, ownerId: leaver.userId });
    expect((await belonging(product.platform.events)).wrongs).toEqual([]);
  }, 60_000);

  it('MRG-04, ACC-08: an account does not follow its Owner to where its organization did not go', async () => {
    const [, leaver, member] = other.members as [Member, Member, Member];
    const [, ofLeaver] = other.accountIds as [string, string];
    const third = await new Crowd(product.platform.events).organization({ domain: 'third.example' });
    await product.settled();
    await hold();
    await remove(leaver, { [ofLeaver]: member.userId });
    const joining = { userId: leaver.userId, organizationId: third.organizationId, role: 'standard_user' };
    await issue('JoinOrganization', { ...joining, via: 'import', invitationId: null });
    await merged();
    await issue('SettleAccountOwner', { accountId: ofLeaver });
    await next();
    expect((await accountOf(ofLeaver)).organizationId).toBe(prime.organizationId);
    expect((await belonging(product.platform.events)).wrongs).toEqual([]);
  }, 60_000);

  it('MRG-06: access that was given at once stays with who has moved before the account', async () => {
    const [, owner, member] = other.members as [Member, Member, Member];
    const [, last] = other.accountIds as [string, string];
    await hold();
    await grant(last, member);
    await begun();
    for (const _ of other.members) await product.get(Merging).advance(mergeId, 1, told);
    expect(await accountOf(last)).toMatchObject({ organizationId: other.organizationId });
    await issue('SettleAccountAccess', { accountId: last, userId: member.userId });
    await next();
    expect(await accountOf(last)).toEqual({
      organizationId: prime.organizationId,
      ownerId: owner.userId,
      access: { [owner.userId]: ['owner'], [member.userId]: ['support'] },
    });
  }, 60_000);

  it('USR-18, MRG-02: whoever was being let in before the lock is waited for, and counted', async () => {
    const { organizationId } = prime;
    const guest = await new Crowd(product.platform.events).person('prime.example');
    const envelope = systemEnvelope(namedUuid('limit'), namedUuid('limit'), null);
    const limit = { type: 'SetLimits', organizationId, users: 5 } as const;
    const limits = { decider: organizationLimits, id: organizationId, command: limit };
    await product.get(Execution).run(limits, envelope);
    await product.settled();
    const room = product.get(Room);
    const [goOn, isAwaited] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const settled = room.settled.bind(room);
    room.settled = (id) => {
      isAwaited.resolve();
      return settled(id);
    };
    const join = {
      type: 'JoinOrganization',
      organizationId: other.organizationId,
      role: 'standard_user',
      via: 'import',
      invitationId: null,
    } as const;
    const late = room.within(other.organizationId, async () => {
      await goOn.promise;
      return product.get(Execution).run({ decider: user, id: guest.userId, command: join }, envelope);
    });
    await begun();
    const over = product.get(Merging).finish(mergeId, 50, told);
    await Promise.race([isAwaited.promise, over]);
    goOn.resolve();
    expect(await late).toMatchObject({ events: [{ type: 'UserJoinedOrg' }] });
    expect(await over).toMatchObject({ status: 'failed', failure: 'user_limit_reached' });
    expect((await belonging(product.platform.events)).wrongs).toEqual([]);
  }, 60_000);

  it('USR-18, MRG-02: others come between the moves of a merge, and who has not moved yet is counted, also after a restart', async () => {
    const { organizationId } = prime;
    const crowd = new Crowd(product.platform.events);
    const guests = [await crowd.person('prime.example'), await crowd.person('prime.example')];
    const envelope = systemEnvelope(namedUuid('limit'), namedUuid('limit'), null);
    const command = { type: 'SetLimits', organizationId, users: 6 } as const;
    await product.get(Execution).run({ decider: organizationLimits, id: organizationId, command }, envelope);
    await product.settled();
    await hold();
    await begun();
    await product.get(Merging).advance(mergeId, 1, told);
    const joins = () =>
      Promise.all(
        guests.map(({ userId }) =>
          issue(
            'JoinOrganization',
            { userId, organizationId, role: 'standard_user', via: 'import', invitationId: null },
            userId,
          ),
        ),
      );
    const [first, second] = await joins();
    expect(first).toMatchObject({ id: guests[0]?.userId });
    expect(second).toMatchObject({ code: 'user_limit_reached' });
    expect(await product.get(Merging).state(mergeId)).toMatchObject({
      status: 'running',
      done: { users: 1 },
    });
    await product.end();
    product = await Mortal.start(folder);
    expect((await joins())[1]).toMatchObject({ code: 'user_limit_reached' });
    await product.settled();
    expect(await product.get(Merging).state(mergeId)).toMatchObject({ status: 'completed' });
    const { homes, wrongs } = await belonging(product.platform.events);
    expect([wrongs, [...homes.values()].filter((home) => home === organizationId).length]).toEqual([[], 6]);
  }, 60_000);
});
