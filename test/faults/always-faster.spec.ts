import { describe, expect, it } from '@jest/globals';
import '#accounts';
import { type Execution, enclose, namedUuid, type Outcome, systemEnvelope } from '#commands';
import { type Refusal, refuse } from '#kernel';
import type { LogHead } from '#queries';
import type { ReadModels } from '#read-models';
import { SettleRemovedUser, TellAccountsOfUser } from '../../libs/accounts/src/account.commands.ts';
import { AccountNews, TellAccountsOfUserHandler } from '../../libs/accounts/src/account-news.handlers.ts';
import { AccountHomes, SettleRemovedUserHandler } from '../../libs/accounts/src/account-upkeep.handlers.ts';
import type { Owners } from '../../libs/accounts/src/owners.ts';

const envelope = systemEnvelope(namedUuid('news'), namedUuid('news'), null);
const owners = {
  person: async () => ({ userId: 'usr_1' }),
  line: async () => [{ organizationId: 'org_1', ownerId: 'usr_2' }],
  homeOf: async () => null,
} as unknown as Owners;
const readModels = {
  reach: async () => undefined,
  every: async function* () {
    yield { accountId: 'acc_1' };
  },
} as unknown as ReadModels;
const log = { head: async () => 0 } as unknown as LogHead;
const executionWhere = (refused: Refusal): Execution =>
  ({
    run: async () => refused,
    load: async () => ({ state: { status: 'active', organizationId: 'org_1', ownerId: 'usr_2' } }),
  }) as unknown as Execution;

const told = (refused: Refusal): Promise<Outcome> =>
  new TellAccountsOfUserHandler(new AccountNews(executionWhere(refused), owners), readModels, log).execute(
    enclose(Object.assign(new TellAccountsOfUser(), { userId: 'usr_1' }), envelope),
  );
const settled = (refused: Refusal): Promise<Outcome> => {
  const execution = executionWhere(refused);
  const homes = new AccountHomes(execution, owners);
  return new SettleRemovedUserHandler(execution, homes, owners, readModels, log).execute(
    enclose(Object.assign(new SettleRemovedUser(), { organizationId: 'org_1', userId: 'usr_1' }), envelope),
  );
};

describe.each([
  ['USR-02: what a person is called', told],
  ['USR-08: the end of their access', settled],
])('%s reaches every account', (_what, run) => {
  it('a refusal of one leaves the others; where others were always faster it must come again', async () => {
    await expect(run(refuse('missing', 'not_found', ''))).resolves.toEqual({ done: true });
    await expect(run(refuse('precondition', 'revision_conflict', ''))).rejects.toThrow('always faster');
  });
});
