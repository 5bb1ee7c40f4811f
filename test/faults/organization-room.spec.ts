import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { account, CreateAccount } from '#accounts';
import { Commands, Execution, namedUuid, type Outcome, systemEnvelope } from '#commands';
import { refuse } from '#kernel';
import { organizationLimits } from '#organizations';
import { Room, type UserEvent } from '#users';
import { RemoveUser } from '../../libs/users/src/user.commands.ts';
import { userRemoval } from '../../libs/users/src/user.departure.ts';
import { Crowd, type Founded, type Member } from '../support/crowd.ts';
import { begin } from '../support/history.ts';
import { Mortal } from '../support/mortal.ts';

describe('the room that an organization has', () => {
  let folder: string;
  let product: Mortal;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'orgledger-limit-'));
    product = await Mortal.start(folder);
  });
  afterEach(async () => {
    await product.end();
    rmSync(folder, { recursive: true, force: true });
  });

  const limited = async (users: number | null, accounts: number | null): Promise<string> => {
    const { organizationId } = await new Crowd(product.platform.events).organization({ domain: 'a.example' });
    const command = { type: 'SetLimits', organizationId, users, accounts } as const;
    const envelope = systemEnvelope(namedUuid('limits'), namedUuid('limits'), null);
    await product.get(Execution).run({ decider: organizationLimits, id: organizationId, command }, envelope);
    return organizationId;
  };

  const leaveWith = async ({ organizationId }: Founded, { userId }: Member, accountId: string) => {
    const acknowledgements = userRemoval.map(({ code }) => code);
    const leaving = { acknowledgements, accountOwners: { [accountId]: userId } };
    await product.done(Object.assign(new RemoveUser(), leaving), { organizationId, userId });
  };

  const enter = ({ userId }: Member, organizationId: string, attempt = 1): Promise<Outcome> =>
    product.get(Commands).issue(
      {
        command: 'JoinOrganization',
        fields: { userId, organizationId, role: 'standard_user', via: 'import', invitationId: null },
      },
      `${userId}/${attempt}`,
      '',
    );

  const homeOf = async (accountId: string): Promise<string | null> => {
    const { state } = await product.get(Execution).load(account, accountId);
    return state.status === 'unknown' ? null : state.organizationId;
  };

  it('USR-18, ACC-11: those who come together are let in together, as far as there is room; who is refused takes none', async () => {
    const organizationId = await limited(4, 3);
    const room = product.get(Room);
    const inside: string[] = [];
    const come = (name: string, users: number, accounts: number, outcome: Outcome = { done: true }) =>
      room.within(
        organizationId,
        async () => {
          inside.push(name);
          await new Promise((resolve) => setImmediate(resolve));
          return outcome;
        },
        { users, accounts },
      );
    const gone = refuse('conflict', 'user_left', '');
    const outcomes = await Promise.all([
      come('first', 1, 1),
      come('refused', 2, 0, gone),
      come('too many people', 4, 0),
      come('too many accounts', 1, 3),
      come('waits for the refused', 1, 0),
      come('fits', 0, 1),
      come('brings nothing', 0, 0),
    ]);
    expect(outcomes.map((outcome) => ('code' in outcome ? outcome.code : 'in'))).toEqual([
      'in',
      'user_left',
      'user_limit_reached',
      'account_limit_reached',
      'in',
      'in',
      'in',
    ]);
    expect(inside.toSorted()).toEqual(
      ['brings nothing', 'first', 'fits', 'refused', 'waits for the refused'].toSorted(),
    );
  });

  it('ACC-11, AMB-15: who owns an account comes in only where there is room for it too', async () => {
    const crowd = new Crowd(product.platform.events);
    const left = await crowd.organization({ domain: 'b.example', members: 1, accounts: 2 });
    const [, leaver] = left.members as [Member, Member];
    const [, theirs] = left.accountIds as [string, string];
    const organizationId = await limited(null, 1);
    await product.settled();
    await leaveWith(left, leaver, theirs);
    await product.settled();
    expect(await enter(await crowd.person('a.example'), organizationId)).toMatchObject({
      events: [{ type: 'UserJoinedOrg' }],
    });
    expect(await enter(leaver, organizationId)).toMatchObject({ code: 'account_limit_reached' });
    const envelope = systemEnvelope(namedUuid('more'), namedUuid('more'), null);
    const command = { type: 'SetLimits', organizationId, accounts: 2 } as const;
    await product.get(Execution).run({ decider: organizationLimits, id: organizationId, command }, envelope);
    expect(await enter(leaver, organizationId, 2)).toMatchObject({ events: [{ type: 'UserJoinedOrg' }] });
    await product.settled();
    expect(await homeOf(theirs)).toBe(organizationId);
  });

  it.each(['at once', 'one after the other'])(
    'ACC-11, AMB-15: two who own an account come %s: the one place is taken before the account has followed',
    async (how) => {
      const crowd = new Crowd(product.platform.events);
      const left = await crowd.organization({ domain: 'b.example', members: 2, accounts: 3 });
      const [, one, two] = left.members as [Member, Member, Member];
      const [, his, hers] = left.accountIds as [string, string, string];
      const organizationId = await limited(null, 2);
      await product.settled();
      await leaveWith(left, one, his);
      await leaveWith(left, two, hers);
      await product.settled();
      const outcomes =
        how === 'at once'
          ? await Promise.all([enter(one, organizationId), enter(two, organizationId)])
          : [await enter(one, organizationId), await enter(two, organizationId)];
      expect(outcomes).toMatchObject([
        { events: [{ type: 'UserJoinedOrg' }] },
        { code: 'account_limit_reached' },
      ]);
      const ownerId = one.userId;
      const made = await product.send(new CreateAccount(), { organizationId, ownerId, name: 'One too many' });
      expect(made).toMatchObject({ code: 'account_limit_reached' });
      await product.settled();
      expect(await homeOf(his)).toBe(organizationId);
      expect(await homeOf(hers)).toBeNull();
    },
  );

  it('ACC-11: an account whose Owner left before it could follow takes no place', async () => {
    const { events } = product.platform;
    const crowd = new Crowd(events);
    const other = await crowd.organization({ domain: 'b.example' });
    const organizationId = await limited(null, 2);
    const userId = `usr_${'5'.repeat(32)}`;
    const called = { userId, email: 'p@b.example', domain: 'b.example', givenName: 'Pat', familyName: 'Nr' };
    const role = 'standard_user';
    const ownedAccountIds = [await crowd.account(other.organizationId, { ...called, role })];
    const at = '2026-01-01T00:00:00.000Z';
    const history: UserEvent[] = [
      {
        type: 'UserRegistered',
        data: {
          ...called,
          registeredAt: at,
          joinsAfterVerification: null,
          status: 'active',
          via: 'sign_up',
          founds: null,
        },
      },
      {
        type: 'UserJoinedOrg',
        data: {
          ...called,
          organizationId,
          role,
          via: 'import',
          invitationId: null,
          joinedAt: at,
          emailVerified: true,
          ownedAccountIds,
        },
      },
      {
        type: 'UserRemovedFromOrg',
        data: {
          ...called,
          organizationId,
          role,
          reason: 'manual',
          cause: null,
          acknowledgements: [],
          accountOwners: {},
          accountIds: [],
          removedAt: at,
        },
      },
    ];
    const actor = { type: 'user', id: userId } as const;
    await begin(events, `user-${userId}`, { actor, source: 'api', organizationId, occurredAt: at }, history);
    await product.settled();
    const room = product.get(Room);
    expect(await room.refuses(organizationId, { users: 0, accounts: 1 })).toBeUndefined();
    expect(await room.refuses(organizationId, { users: 0, accounts: 2 })).toMatchObject({
      code: 'account_limit_reached',
    });
  });

  it('USR-18: one that was lowered meanwhile binds whoever has waited for their turn', async () => {
    const { organizationId } = await new Crowd(product.platform.events).organization({ domain: 'a.example' });
    const limitTo = (users: number | null): Promise<Outcome> =>
      product.get(Execution).run(
        {
          decider: organizationLimits,
          id: organizationId,
          command: { type: 'SetLimits', organizationId, users },
        },
        systemEnvelope(namedUuid(`limit ${users}`), namedUuid('limit'), null),
      );
    const limit = product.get(Room);
    const done: Outcome = { done: true };
    await limitTo(9);
    const isIn = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<Outcome>();
    const first = limit.within(organizationId, () => {
      isIn.resolve();
      return goOn.promise;
    });
    await isIn.promise;
    const [second, third] = [1, 2].map(() => limit.within(organizationId, async () => done));
    await new Promise((resolve) => setImmediate(resolve));
    await limitTo(1);
    goOn.resolve(done);
    expect(await first).toEqual(done);
    expect(await second).toMatchObject({ code: 'user_limit_reached' });
    expect(await third).toMatchObject({ code: 'user_limit_reached' });
    await limitTo(null);
    expect(await limit.within(organizationId, async () => done)).toEqual(done);
  });
});
