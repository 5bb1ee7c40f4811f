import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { type Serving, serve } from '#application';
import {
  Commands,
  type DryRun,
  Execution,
  type Outcome,
  type Principal,
  type Receipt,
  systemPrincipal,
} from '#commands';
import type { EventStore } from '#event-store';
import { isRefusal, type RecordedEvent } from '#kernel';
import { PolicyRunner } from '#policies';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';
import { readSettings } from '#settings';
import { People, user } from '#users';
import * as accountCommands from '../../libs/accounts/src/account.commands.ts';
import * as userCommands from '../../libs/users/src/user.commands.ts';
import { userDeletion, userRemoval } from '../../libs/users/src/user.departure.ts';

const LONG = process.env.ORGLEDGER_LONG === '1';
jest.setTimeout(LONG ? 3_600_000 : 120_000);

type Role = 'owner' | 'administrator' | 'standard_user';
type View = { userId: string; organizationId: string; role: Role; status: string; email: string };
type Account = { accountId: string; organizationId: string | null; ownerId: string; status: string };

const codesOf = (acknowledgements: readonly { code: string }[]) => acknowledgements.map(({ code }) => code);

describe('people and accounts', () => {
  let folder: string;
  let serving: Serving;
  let commands: Commands;
  let models: ReadModels;
  let made = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'orgledger-people-'));
    const settings = readSettings({
      PORT: '0',
      ORGLEDGER_DATA_DIR: folder,
      ORGLEDGER_RATE_LIMITS: 'off',
      LOG_LEVEL: 'silent',
    });
    serving = await serve(settings, 'test');
    commands = serving.app.get(Commands);
    models = serving.app.get(ReadModels);
  });
  afterAll(async () => {
    await serving.stop();
    rmSync(folder, { recursive: true });
  });

  const store = () => serving.app.get(LogHead) as unknown as EventStore;
  const call = (principal?: Principal, dryRun = false) => ({
    principal,
    dryRun,
    source: 'api' as const,
    sourceIp: null,
    userAgent: null,
  });

  /** Who a person is to the product now: the guard's question. */
  const principalOf = async (userId: string): Promise<Principal | undefined> => {
    const people = serving.app.get(People);
    const { state } = await people.load(userId);
    if (state.status !== 'active') return undefined;
    const organizationId = state.membership?.organizationId ?? null;
    const role = await people.roleOf(state);
    return { type: 'user', id: userId, userId, organizationId, role, emailVerified: true };
  };

  /** Names are random, so that a search for them finds only them. */
  const founded = async (members: number) => {
    made += 1;
    const suffix = `n${made}`;
    const signUp = Object.assign(new userCommands.SignUp(), {
      email: `owner-${suffix}@founders.example`,
      password: 'a long quiet river 9',
      givenName: `Owner${suffix}`,
      familyName: 'Berg',
    });
    const { userId, organizationId } = (await commands.send(signUp, {}, call())) as Receipt & {
      userId: string;
      organizationId: string;
    };
    const people = [userId];
    for (let number = 0; number < members; number += 1)
      people.push(await member(organizationId, suffix, number));
    return { organizationId, people };
  };

  /** Somebody new, registered and let in as an import would. */
  const member = async (organizationId: string, suffix: string, number: number): Promise<string> => {
    const userId = `usr_${Buffer.from(`${suffix}-${number}-${Math.random()}`).toString('hex').padEnd(32, '0').slice(0, 32)}`;
    const email = `person-${number}-${suffix}@people.example`;
    await serving.app.get(Execution).run(
      {
        decider: user,
        id: userId,
        command: {
          type: 'SignUp',
          userId,
          email,
          domain: 'people.example',
          givenName: `Given${number}${suffix}`,
          familyName: `Family${number}${suffix}`,
          founds: null,
          joinsAfterVerification: organizationId,
          tokenHash: '',
          tokenExpiresAt: '2099-01-01T00:00:00.000Z',
        },
      },
      {
        commandId: `member/${userId}`,
        fingerprint: '',
        ifMatch: undefined,
        dryRun: false,
        principal: systemPrincipal,
        source: 'system',
        sourceIp: null,
        userAgent: null,
        correlationId: `member/${userId}`,
        causationId: null,
      },
    );
    const fields = { userId, organizationId, role: 'administrator', via: 'import', invitationId: null };
    await commands.issue({ command: 'JoinOrganization', fields }, `join/${userId}`, '');
    return userId;
  };

  const owned = async (userId: string, organizationId: string): Promise<Account[]> => {
    await models.reach(await store().head());
    const { items } = await models.list<Account>('accounts', {
      where: { organizationId, ownerId: userId },
      sort: { field: 'name', direction: 1 },
      limit: 200,
    });
    return items.filter(({ status }) => status !== 'closed');
  };

  const leave = async (
    kind: 'RemoveUser' | 'DeleteUser',
    target: Target,
  ): Promise<userCommands.RemoveUser> => {
    const accounts = await owned(target.userId, target.organizationId);
    return Object.assign(
      kind === 'RemoveUser' ? new userCommands.RemoveUser() : new userCommands.DeleteUser(),
      {
        acknowledgements: codesOf(kind === 'RemoveUser' ? userRemoval : userDeletion),
        accountOwners: Object.fromEntries(accounts.map(({ accountId }) => [accountId, target.by])),
      },
    );
  };

  interface Target {
    readonly organizationId: string;
    readonly userId: string;
    readonly by: string;
  }

  const actions: Readonly<Record<string, (target: Target) => Promise<object>>> = {
    remove: (target) => leave('RemoveUser', target),
    delete: (target) => leave('DeleteUser', target),
    deactivate: async () => new userCommands.DeactivateUser(),
    reactivate: async () => new userCommands.ReactivateUser(),
    promote: async () => Object.assign(new userCommands.ChangeOrganizationRole(), { role: 'administrator' }),
    demote: async () => Object.assign(new userCommands.ChangeOrganizationRole(), { role: 'standard_user' }),
    transfer: async ({ userId }) =>
      Object.assign(new userCommands.TransferOwnership(), {
        newOwnerId: userId,
        previousOwnerRole: 'administrator',
      }),
    account: async ({ userId }) =>
      Object.assign(new accountCommands.CreateAccount(), { name: `Of ${userId}`, ownerId: userId }),
  };

  const act = async (what: string, target: Target, dryRun = false): Promise<Outcome | undefined> => {
    const principal = await principalOf(target.by);
    if (!principal) return undefined;
    const command = await (actions[what] as (of: Target) => Promise<object>)(target);
    const { organizationId, userId } = target;
    const fields = ['transfer', 'account'].includes(what) ? { organizationId } : { organizationId, userId };
    return commands.send(command as never, fields as never, call(principal, dryRun));
  };

  /** Invariants 1, 2, 3 and 8 of rules.md 2.10, in the streams and in the read models, once all is quiet. */
  const mustHold = async (organizationId: string, people: readonly string[]) => {
    const runner = serving.app.get(PolicyRunner);
    await runner.settle(await store().head(), '');
    await models.reach(await store().head());
    const { items: views } = await models.list<View>('users', {
      where: { organizationId, kind: 'managed' },
      sort: { field: 'name', direction: 1 },
      limit: 200,
    });
    const home = await models.get<{ ownerId: string }>('organizations', organizationId);
    const owners = views.filter(({ role }) => role === 'owner');
    expect(owners.map(({ userId, status }) => [userId, status])).toEqual([[home?.ownerId, 'active']]);
    const managed = new Set(views.map(({ userId }) => userId));
    const { items: accounts } = await models.list<Account>('accounts', {
      where: { organizationId, kind: 'managed' },
      sort: { field: 'name', direction: 1 },
      limit: 200,
    });
    expect(accounts.filter(({ ownerId }) => !managed.has(ownerId))).toEqual([]);
    for (const userId of people) {
      const { state } = await serving.app.get(People).load(userId);
      const at = state.status === 'active' || state.status === 'deactivated' ? state.membership : null;
      expect(managed.has(userId)).toBe(at?.organizationId === organizationId);
      if (state.status !== 'deleted') continue;
      const told = JSON.stringify(
        await models.list('audit', {
          where: { organizationId, userId },
          sort: { field: 'position', direction: -1 },
          limit: 200,
        }),
      );
      expect(told).not.toContain('@people.example');
      expect(told).toContain('[erased]');
    }
    const parked = await runner.parked();
    expect(parked).toEqual([]);
  };

  it('ORG-02 USR-08 ACC-03 USR-10: whatever administrators do in whatever order, one Owner, no orphaned account, nothing of the deleted', async () => {
    const step = fc.record({
      what: fc.constantFrom(...Object.keys(actions)),
      by: fc.nat({ max: 3 }),
      to: fc.nat({ max: 3 }),
      together: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: LONG ? 50 : 8, maxLength: LONG ? 50 : 16 }),
        async (steps) => {
          const { organizationId, people } = await founded(3);
          let running: Promise<unknown>[] = [];
          for (const { what, by, to, together } of steps) {
            running.push(
              act(what, { organizationId, userId: people[to] as string, by: people[by] as string }),
            );
            if (together) continue;
            await Promise.all(running);
            running = [];
          }
          await Promise.all(running);
          await mustHold(organizationId, people);
        },
      ),
      { numRuns: LONG ? 2_000 : 5, endOnFailure: true },
    );
  });

  it('a dry run says exactly the events and follow-on commands of the real run', async () => {
    const plain = ({ type, data }: { type: string; data: object }) => ({
      type,
      data: JSON.parse(
        JSON.stringify(data)
          .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'then')
          .replace(/("(?:email|givenName|familyName)":)"[^"]*"/g, '$1"sealed"'),
      ),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('remove', 'delete', 'deactivate', 'demote', 'transfer'),
        fc.nat({ max: 3 }),
        async (what, accounts) => {
          const { organizationId, people } = await founded(1);
          const target = { organizationId, userId: people[1] as string, by: people[0] as string };
          for (let number = 0; number < accounts; number += 1) await act('account', target);
          // Otherwise it may still be looking where its new Owner belongs, and part with them before it is told to.
          await atRest();
          const dry = (await act(what, target, true)) as DryRun;
          const receipt = (await act(what, target)) as Receipt;
          const written = await store().read(receipt.stream, {
            from: receipt.revision - dry.events.length + 1,
          });
          const mine = written.filter(({ id }) => receipt.events.some((event) => event.id === id));
          expect(dry.events.map(plain)).toEqual(mine.map(plain));
          const caused = await followOns(receipt);
          for (const { resource } of dry.effects.filter(({ command }) => changes.has(command)))
            expect(caused.map(({ stream }) => stream)).toContain(`${resource.type}-${resource.id}`);
          expect(dry.effects.filter(({ command }) => command === 'TransferAccountOwnership')).toHaveLength(
            what === 'remove' || what === 'delete' ? accounts : 0,
          );
        },
      ),
      { numRuns: LONG ? 200 : 8, endOnFailure: true },
    );
  });

  const atRest = async () => {
    while (!(await serving.app.get(PolicyRunner).settle(await store().head(), '')).settled);
  };

  const changes = new Set(['TransferAccountOwnership', 'FollowOwnership']);
  const followOns = async ({ position, events }: Receipt): Promise<RecordedEvent[]> => {
    // On a busy machine the answer may come before its effects.
    await atRest();
    const ids = new Set(events.map(({ id }) => id));
    const found: RecordedEvent[] = [];
    for await (const batch of store().readAll({ after: Math.max(0, Number(position) - 200) }))
      found.push(...batch.filter(({ metadata }) => ids.has(metadata.causationId ?? '')));
    return found;
  };

  it('P3, USR-08: many at once on one person: one removal or deletion wins, the others hear why; accounts go to whom it named', async () => {
    const why = new Set([
      'done',
      'not_found',
      'owner_not_managed',
      'owner_not_removable',
      'forbidden',
      'revision_conflict',
      'owner_role_by_transfer_only',
      'account_owner_required',
    ]);
    for (let round = 0; round < (LONG ? 500 : 3); round += 1) {
      const { organizationId, people } = await founded(3);
      const [owner, target] = people as [string, string, string, string];
      await act('account', { organizationId, userId: target, by: owner });
      const outcomes = await Promise.all(
        Array.from({ length: 16 }, (_, n) => {
          const what = ['remove', 'delete', 'transfer', 'deactivate', 'demote', 'account'][n % 6] as string;
          const by = what === 'transfer' ? owner : (people[n % 4 === 1 ? 0 : n % 4] as string);
          return act(what, { organizationId, userId: target, by });
        }),
      );
      const codes = outcomes.map((outcome) => (outcome && isRefusal(outcome) ? outcome.code : 'done'));
      expect(codes.filter((code) => !why.has(code))).toEqual([]);
      const departures = (await store().read(`user-${target}`)).filter(
        ({ type }) => type === 'UserRemovedFromOrg',
      );
      expect(departures.length).toBeLessThanOrEqual(1);
      await mustHold(organizationId, people);
      const { accountOwners = {} } = (departures[0]?.data ?? {}) as {
        accountOwners?: Record<string, string>;
      };
      for (const [accountId, ownerId] of Object.entries(accountOwners))
        expect(await models.get('accounts', accountId)).toMatchObject({ ownerId });
    }
  });
});
