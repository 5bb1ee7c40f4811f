import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Execution, namedUuid, systemEnvelope } from '#commands';
import { type EventStore, openEmbeddedEvents } from '#event-store';
import { People } from '#users';
import { numbered, Seeds } from '../../../test/support/seeded.ts';
import { userDeletion, userRemoval } from '../../users/src/user.departure.ts';
import { type UserCommand, user } from '../../users/src/user.ts';
import { type Account, account } from './account.ts';
import { AccountHomes } from './account-upkeep.handlers.ts';
import { Owners } from './owners.ts';

const clock = { now: () => Date.parse('2026-01-01T00:00:00.000Z') };
const envelope = (step: string) => systemEnvelope(namedUuid(step), namedUuid('all'), null);
const [anna, bob, carol, dan] = [1, 2, 3, 4].map((n) => numbered('usr', n)) as [
  string,
  string,
  string,
  string,
];
const organizationId = numbered('org', 1);
const accountId = numbered('acc', 1);

describe('the account of somebody who has just left, before anything has followed from that', () => {
  let folder: string;
  let store: EventStore;
  let execution: Execution;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'orgledger-upkeep-'));
    store = openEmbeddedEvents(folder);
    execution = new Execution(store, clock, { foresee: () => [], awaits: () => false });
    const seeds = new Seeds(store, (address) => address);
    await seeds.organization(1, anna, 'prime.example');
    await seeds.person(1, 'prime.example', { organizationId, role: 'owner' });
    await seeds.person(2, 'prime.example', { organizationId, role: 'standard_user' });
    await seeds.person(3, 'prime.example', { organizationId, role: 'standard_user' });
    const owner = { userId: bob, email: '', domain: '', givenName: '', familyName: '' };
    await execution.run(
      {
        decider: account,
        id: accountId,
        command: { type: 'CreateAccount', accountId, organizationId, name: 'Work', owner },
      },
      envelope('create'),
    );
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const leave = async (type: 'RemoveUser' | 'DeleteUser', accountOwners: Record<string, string>) => {
    const acknowledgements = [...userRemoval, ...userDeletion].map(({ code }) => code);
    const owned = Object.keys(accountOwners);
    const known = { ownerId: anna, owned, accountIds: owned, managed: [carol] };
    await execution.run(
      { decider: user, id: bob, command: { type, acknowledgements, accountOwners, ...known } },
      envelope('leave'),
    );
  };
  const settled = async (): Promise<Account> => {
    const people = new People(execution, undefined as never, undefined as never);
    const homes = new AccountHomes(execution, new Owners(execution, people));
    await homes.settle(accountId, { type: 'owner_not_managed', id: accountId }, envelope('settle'));
    return (await execution.load(account, accountId)).state;
  };

  it.each(['RemoveUser', 'DeleteUser'] as const)(
    'USR-08, USR-10, ACC-03: %s: it goes to whom they named',
    async (leaving) => {
      await leave(leaving, { [accountId]: carol });
      expect(await settled()).toMatchObject({
        organizationId,
        ownerId: carol,
        access: { [carol]: ['owner'] },
      });
      expect((await store.read(`account-${accountId}`)).at(-1)?.data).toMatchObject({
        cause: { type: 'user_removed_from_organization', id: bob },
      });
    },
  );

  it('USR-09: it goes with them when they keep it', async () => {
    await leave('RemoveUser', { [accountId]: bob });
    expect(await settled()).toMatchObject({ organizationId: null, ownerId: bob });
  });

  it('USR-08, USR-10, ACC-03: also when they have been in another organization and left that, too', async () => {
    const elsewhere = numbered('org', 2);
    await leave('RemoveUser', { [accountId]: carol });
    const join = {
      organizationId: elsewhere,
      role: 'standard_user',
      via: 'import',
      invitationId: null,
    } as const;
    const going = { ownerId: dan, accountIds: [], reason: 'domain_validation_lapsed', cause: null } as const;
    const run = (step: string, command: UserCommand) =>
      execution.run({ decider: user, id: bob, command }, envelope(step));
    await run('join', { type: 'JoinOrganization', ...join });
    await run('lapse', { type: 'LeaveOrganization', organizationId: elsewhere, ...going });
    expect(await settled()).toMatchObject({ organizationId, ownerId: carol });
  });

  it('USR-08, ACC-03: what was not known of when they left goes to the Organization Owner', async () => {
    await leave('RemoveUser', {});
    expect(await settled()).toMatchObject({ organizationId, ownerId: anna, access: { [anna]: ['owner'] } });
  });

  it('USR-08, ACC-03: to the Organization Owner also when the one who was named has left too', async () => {
    await leave('RemoveUser', { [accountId]: carol });
    const going = { ownerId: anna, accountIds: [], reason: 'domain_validation_lapsed', cause: null } as const;
    await execution.run(
      { decider: user, id: carol, command: { type: 'LeaveOrganization', organizationId, ...going } },
      envelope('lapse'),
    );
    expect(await settled()).toMatchObject({ organizationId, ownerId: anna });
  });
});
