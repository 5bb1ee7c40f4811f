import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { account } from '#accounts';
import { Commands, Execution, namedUuid, type Outcome, systemEnvelope } from '#commands';
import { refuse } from '#kernel';
import { organizationLimits } from '#organizations';
import { Room } from '#users';
import { RemoveUser } from '../../libs/users/src/user.commands.ts';
import { userRemoval } from '../../libs/users/src/user.departure.ts';
import { Crowd, type Member } from '../support/crowd.ts';
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
    const leaving = {
      acknowledgements: userRemoval.map(({ code }) => code),
      accountOwners: { [theirs]: leaver.userId },
    };
    await product.done(Object.assign(new RemoveUser(), leaving), {
      organizationId: left.organizationId,
      userId: leaver.userId,
    });
    await product.settled();
    const join = ({ userId }: Member, attempt: number): Promise<Outcome> =>
      product.get(Commands).issue(
        {
          command: 'JoinOrganization',
          fields: { userId, organizationId, role: 'standard_user', via: 'import', invitationId: null },
        },
        `${userId}/${attempt}`,
        '',
      );
    expect(await join(await crowd.person('a.example'), 1)).toMatchObject({
      events: [{ type: 'UserJoinedOrg' }],
    });
    expect(await join(leaver, 1)).toMatchObject({ code: 'account_limit_reached' });
    const envelope = systemEnvelope(namedUuid('more'), namedUuid('more'), null);
    const command = { type: 'SetLimits', organizationId, accounts: 2 } as const;
    await product.get(Execution).run({ decider: organizationLimits, id: organizationId, command }, envelope);
    expect(await join(leaver, 2)).toMatchObject({ events: [{ type: 'UserJoinedOrg' }] });
    await product.settled();
    expect((await product.get(Execution).load(account, theirs)).state).toMatchObject({ organizationId });
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
