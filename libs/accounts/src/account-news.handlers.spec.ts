import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Execution, enclose, namedUuid, systemEnvelope } from '#commands';
import { type EventStore, openEmbeddedEvents } from '#event-store';
import { People } from '#users';
import { numbered, Seeds } from '../../../test/support/seeded.ts';
import { user } from '../../users/src/user.ts';
import { TellAccountOfUser } from './account.commands.ts';
import { account } from './account.ts';
import { AccountNews, TellAccountOfUserHandler } from './account-news.handlers.ts';
import { Owners } from './owners.ts';
import { whenSomebodyCameToAnAccountSeeWhatTheyAreCalled as policy } from './when-somebody-came-to-an-account-see-what-they-are-called.policy.ts';

const clock = { now: () => Date.parse('2026-01-01T00:00:00.000Z') };
const envelope = (step: string) => systemEnvelope(namedUuid(step), namedUuid('all'), null);
const [anna, bob] = [1, 2].map((n) => numbered('usr', n)) as [string, string];
const organizationId = numbered('org', 1);
const accountId = numbered('acc', 1);

describe('somebody who gets another name in the moment in which they come to an account', () => {
  let folder: string;
  let store: EventStore;
  let execution: Execution;
  let owners: Owners;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'orgledger-news-'));
    store = openEmbeddedEvents(folder);
    execution = new Execution(store, clock, { foresee: () => [], awaits: () => false });
    owners = new Owners(execution, new People(execution, undefined as never, undefined as never));
    const seeds = new Seeds(store, (address) => address);
    await seeds.organization(1, anna, 'prime.example');
    await seeds.person(1, 'prime.example', { organizationId, role: 'owner' });
    await seeds.person(2, 'prime.example', { organizationId, role: 'standard_user' });
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const called = async (userId: string) => {
    const found = await owners.person(userId);
    if (!found) throw new Error('nobody');
    return found;
  };
  const rename = (userId: string) =>
    execution.run(
      { decider: user, id: userId, command: { type: 'UpdateProfile', givenName: 'Robin' } },
      envelope(`rename ${userId}`),
    );
  const create = async (owner: Awaited<ReturnType<typeof called>>) =>
    execution.run(
      {
        decider: account,
        id: accountId,
        command: { type: 'CreateAccount', accountId, organizationId, name: 'Work', owner },
      },
      envelope('create'),
    );
  const written = () => store.read(`account-${accountId}`);

  /** What the policy asks for because of the newest event, done. */
  const followed = async () => {
    const event = (await written()).at(-1);
    const handler = new TellAccountOfUserHandler(new AccountNews(execution, owners));
    for (const { fields } of policy.on[event?.type as 'AccountCreated']?.(event as never) ?? [])
      await handler.execute(
        enclose(Object.assign(new TellAccountOfUser(), fields), envelope(`see ${event?.revision}`)),
      );
    return (await written()).slice((event?.revision ?? 0) + 1).map(({ type, data }) => ({ type, data }));
  };

  it('USR-02, ACC-02: of its Owner it is told the new one', async () => {
    const before = await called(anna);
    await rename(anna);
    await create(before);
    expect(await followed()).toEqual([
      {
        type: 'AccountUserUpdated',
        data: { accountId, organizationId, sharedWith: [], ...before, givenName: 'Robin' },
      },
    ]);
  });

  it('USR-02, INV-02: of somebody who got access it is told the new one', async () => {
    await create(await called(anna));
    const before = await called(bob);
    await rename(bob);
    const command = {
      type: 'GrantAccountAccess',
      user: before,
      roles: ['support'],
      invitationId: null,
    } as const;
    await execution.run({ decider: account, id: accountId, command }, envelope('grant'));
    expect(await followed()).toMatchObject([
      { type: 'AccountUserUpdated', data: { userId: bob, email: before.email, givenName: 'Robin' } },
    ]);
  });

  it('USR-02: nothing, where nothing has changed or nobody is there any more', async () => {
    await create(await called(anna));
    expect(await followed()).toEqual([]);
    await execution.run(
      {
        decider: account,
        id: accountId,
        command: {
          type: 'GrantAccountAccess',
          user: { ...(await called(bob)), userId: numbered('usr', 9) },
          roles: ['support'],
          invitationId: null,
        },
      },
      envelope('grant'),
    );
    expect(await followed()).toEqual([]);
  });
});
