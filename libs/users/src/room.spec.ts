import { describe, expect, it } from '@jest/globals';
import type { Execution } from '#commands';
import type { LogHead } from '#queries';
import type { ReadModels, Where } from '#read-models';
import { Room } from './room.ts';

const owner = { userId: 'usr_1', kind: 'managed' };
/** It follows its Owner, who has joined. */
const onItsWay = { accountId: 'acc_2', organizationId: null, ownerId: 'usr_1', comesTo: 'org_2' };

/** Over an organization with room for so many accounts, beside one that has an account and waits for another. */
const roomFor = (accounts: number): Room => {
  const asked = (condition: Where[string]) => (condition as { in: readonly string[] }).in;
  const readModels = {
    reach: async () => {},
    count: async (_name: string, { organizationId }: Where) =>
      asked(organizationId).includes('org_2') ? 1 : 0,
    async *every() {},
    async *pages(_name: string, { where }: { where: Where }) {
      yield asked(where.comesTo).includes('org_2') ? [onItsWay] : [];
    },
    many: async () => new Map([['org_2:usr_1', owner]]),
  };
  const execution = { load: async () => ({ state: { users: null, accounts } }) };
  const log = { head: async () => 1 };
  return new Room(
    execution as unknown as Execution,
    readModels as unknown as ReadModels,
    log as unknown as LogHead,
  );
};

describe('the room that an organization has', () => {
  it('ACC-11, MRG-02: an organization comes with the accounts that are on their way to it', async () => {
    const coming = { users: 1, accounts: { of: 'org_2' } };
    const enter = async () => ({ done: true }) as const;
    expect(await roomFor(1).within('org_1', enter, coming)).toMatchObject({ code: 'account_limit_reached' });
    expect(await roomFor(2).within('org_1', enter, coming)).toEqual({ done: true });
  });
});
