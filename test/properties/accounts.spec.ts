import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { type Serving, serve } from '#application';
import { Commands, Execution, type OrgledgerCommand, type Outcome, type Principal } from '#commands';
import type { EventStore } from '#event-store';
import { type AccountRole, accountRoles, isRefusal, rolesRefusal } from '#kernel';
import { PolicyRunner } from '#policies';
import { LogHead } from '#queries';
import { readSettings } from '#settings';
import { AddressHash, LinkTokens } from '#tokens';
import { user } from '#users';
import { removalFromAccount } from '../../libs/accounts/src/account.access.ts';
import {
  ChangeAccountRoles,
  CloseAccount,
  CreateAccount,
  RemoveAccountUser,
  TransferAccountOwnership,
} from '../../libs/accounts/src/account.commands.ts';
import { accountClosure } from '../../libs/accounts/src/account.standing.ts';
import { type Account, type AccountCommand, account } from '../../libs/accounts/src/account.ts';
import {
  AcceptInvite,
  InviteToAccount,
  ResendInvite,
  SendInvite,
} from '../../libs/invitations/src/invitation.commands.ts';
import { invitation } from '../../libs/invitations/src/invitation.ts';
import { RemoveUser } from '../../libs/users/src/user.commands.ts';
import { userRemoval } from '../../libs/users/src/user.departure.ts';
import { type Seeded, Seeds } from '../support/seeded.ts';

const LONG = process.env.ORGLEDGER_LONG === '1';
const CONTENDERS = 16;
/** In the long run every run is whole. */
const lasting = (least: number, most: number, whole = 50) =>
  LONG ? { minLength: whole, maxLength: whole } : { minLength: least, maxLength: most };
jest.setTimeout(LONG ? 3_600_000 : 60_000);
const codes = (acknowledgements: readonly { code: string }[]) => acknowledgements.map(({ code }) => code);

/** Invariants 3 and 6 of rules.md 2.10, as far as one account can tell. */
const mustBeSound = (state: Account): void => {
  if (state.status === 'unknown') return;
  expect(state.access[state.ownerId]).toEqual(['owner']);
  for (const [userId, roles] of Object.entries(state.access))
    expect([userId, roles.includes('owner') || rolesRefusal(roles)]).toEqual([
      userId,
      userId === state.ownerId ? true : undefined,
    ]);
};

/** The types of its events, or the code of its refusal. */
const told = (outcome: Outcome | undefined): unknown => {
  if (outcome === undefined || isRefusal(outcome)) return outcome?.code;
  return 'events' in outcome ? outcome.events.map(({ type }) => type) : [];
};

const n = (max: number) => fc.integer({ min: 0, max });
const roles = fc.constantFrom<AccountRole[]>(
  ['support'],
  ['developer', 'billing_manager'],
  ['administrator'],
  ['administrator', 'support'],
);

describe('the story of an account', () => {
  const person = n(3).map((index) => ({
    userId: `usr_${index}`,
    email: `p${index}@b.example`,
    domain: 'b.example',
    givenName: `P${index}`,
    familyName: 'Ray',
  }));
  const userId = person.map((known) => known.userId);
  const organizationId = fc.constantFrom('org_1', 'org_2');
  const command: fc.Arbitrary<AccountCommand> = fc.oneof(
    fc.record({ type: fc.constant('TransferAccountOwnership' as const), to: person }),
    fc.record({
      type: fc.constant('ReplaceOwner' as const),
      organizationId,
      from: userId,
      to: person,
      cause: fc.constant(null),
    }),
    fc.record({
      type: fc.constant('GrantAccountAccess' as const),
      user: person,
      roles: fc.subarray([...accountRoles]),
      invitationId: fc.option(fc.constant('inv_1')),
    }),
    fc.record({
      type: fc.constant('ChangeAccountRoles' as const),
      userId,
      roles: fc.subarray([...accountRoles]),
      confirmAdministratorDowngrade: fc.boolean(),
    }),
    fc.record({
      type: fc.constant('RemoveAccountUser' as const),
      userId,
      irreversible: fc.boolean(),
      acknowledgements: fc.constant(codes(removalFromAccount)),
    }),
    fc.record({
      type: fc.constant('RevokeAccountAccess' as const),
      organizationId,
      userId,
      cause: fc.constant(null),
    }),
    fc.record({
      type: fc.constantFrom('DetachAccount' as const, 'ShareAccount' as const),
      organizationId,
      ownerId: userId,
      cause: fc.constant(null),
    }),
    fc.record({
      type: fc.constant('AttachAccount' as const),
      organizationId,
      from: fc.option(organizationId),
      ownerId: userId,
      users: fc.array(person, { maxLength: 2 }),
      cause: fc.constant(null),
    }),
    fc.record({
      type: fc.constant('RelinquishIndependentAccount' as const),
      organizationId,
      userIds: fc.array(userId, { maxLength: 3 }),
      acknowledgements: fc.constant(['access_relinquished', 'users_lose_access']),
    }),
    fc.record({
      type: fc.constant('CloseAccount' as const),
      acknowledgements: fc.constant(codes(accountClosure)),
    }),
    fc.record({
      type: fc.constantFrom(
        'SuspendAccount' as const,
        'ReactivateAccount' as const,
        'FinishClosure' as const,
      ),
    }),
  );

  it('ACC-02, ROL-06: whatever is asked in whatever order, there is one Owner and every set of roles is valid', () => {
    fc.assert(
      fc.property(person, fc.array(command, lasting(0, 50)), (owner, commands) => {
        const context = { now: '2026-01-01T00:00:00.000Z', actor: { type: 'user', id: 'usr_9' } } as const;
        let state: Account = account.initial;
        const create = {
          type: 'CreateAccount',
          accountId: 'acc_1',
          organizationId: 'org_1',
          name: 'x',
          owner,
        } as const;
        for (const asked of [create, ...commands]) {
          const decision = account.decide(asked, state, context);
          if (!isRefusal(decision)) state = decision.reduce(account.evolve, state);
          mustBeSound(state);
        }
      }),
      { numRuns: LONG ? 20_000 : 300 },
    );
  });
});

type Step =
  | { do: 'create'; by: number }
  | { do: 'transfer'; account: number; to: number }
  | { do: 'roles'; account: number; who: number; roles: AccountRole[] }
  | { do: 'take'; account: number; who: number }
  | { do: 'invite'; account: number; who: number; roles: AccountRole[] }
  | { do: 'resend' | 'accept' | 'acceptOld'; invitation: number }
  | { do: 'removeFromOrganization'; who: number; keep: boolean }
  | { do: 'inviteBack'; who: number; account: number }
  | { do: 'close'; account: number };

const often = <T>(arbitrary: fc.Arbitrary<T>, weight = 4) => ({ arbitrary, weight });
const step: fc.Arbitrary<Step> = fc.oneof(
  often(fc.record({ do: fc.constant('create' as const), by: n(4) }), 2),
  often(fc.record({ do: fc.constant('transfer' as const), account: n(9), to: n(5) })),
  often(fc.record({ do: fc.constant('roles' as const), account: n(9), who: n(5), roles })),
  often(fc.record({ do: fc.constant('take' as const), account: n(9), who: n(5) }), 2),
  often(fc.record({ do: fc.constant('invite' as const), account: n(9), who: n(5), roles })),
  often(fc.record({ do: fc.constantFrom('resend' as const, 'acceptOld' as const), invitation: n(9) }), 2),
  often(fc.record({ do: fc.constant('accept' as const), invitation: n(9) })),
  often(fc.record({ do: fc.constant('removeFromOrganization' as const), who: n(4), keep: fc.boolean() }), 3),
  often(fc.record({ do: fc.constant('inviteBack' as const), who: n(4), account: n(9) }), 5),
  often(fc.record({ do: fc.constant('close' as const), account: n(9) }), 1),
);

describe('accounts over the real handlers', () => {
  let folder: string;
  let serving: Serving;
  let commands: Commands;
  let execution: Execution;
  let store: EventStore;
  let world = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'orgledger-accounts-'));
    const settings = {
      PORT: '0',
      ORGLEDGER_DATA_DIR: folder,
      ORGLEDGER_RATE_LIMITS: 'off',
      LOG_LEVEL: 'silent',
    };
    serving = await serve(readSettings(settings), 'test');
    commands = serving.app.get(Commands);
    execution = serving.app.get(Execution);
    store = serving.app.get(LogHead) as unknown as EventStore;
  });
  afterAll(async () => {
    await serving.stop();
    rmSync(folder, { recursive: true });
  });

  const call = (principal: Principal, dryRun = false) => ({
    principal,
    dryRun,
    source: 'api' as const,
    sourceIp: null,
    userAgent: null,
  });

  /** Until nothing follows from anything any more. */
  const settled = async (): Promise<void> => {
    for (let head = -1; head !== (await store.head()); ) {
      head = await store.head();
      await serving.app.get(PolicyRunner).settle(head, '');
    }
  };

  /** An organization of five, a stranger, and what they have made so far. */
  class World {
    readonly people: Seeded[];
    readonly organizationId: string;
    readonly accounts: string[] = [];
    readonly invitations: { invitationId: string; who: number; accountId: string }[] = [];

    private constructor(people: Seeded[], organizationId: string) {
      this.people = people;
      this.organizationId = organizationId;
    }

    static async make(): Promise<World> {
      world += 1;
      const hash = (address: string) => serving.app.get(AddressHash).addressHash(address);
      const seeds = new Seeds(store, hash);
      const first = world * 10;
      const domain = `w${world}.example`;
      const organizationId = await seeds.organization(
        world,
        `usr_${String(first).padStart(32, '0')}`,
        domain,
      );
      const role = (index: number) =>
        index === 0 ? 'owner' : index === 1 ? 'administrator' : 'standard_user';
      const people = await Promise.all(
        [0, 1, 2, 3, 4, 5].map((index) =>
          seeds.person(
            first + index,
            index === 5 ? `outside${world}.example` : domain,
            index === 5 ? null : { organizationId, role: role(index) },
          ),
        ),
      );
      return new World(people, organizationId);
    }

    /** With the rights that the person has now. */
    async send<C extends OrgledgerCommand>(
      command: C,
      target: Partial<C>,
      by = 0,
      dryRun = false,
    ): Promise<Outcome> {
      const { state } = await execution.load(user, this.id(by));
      const membership = 'membership' in state ? state.membership : null;
      const principal: Principal = {
        type: 'user',
        id: this.id(by),
        userId: this.id(by),
        organizationId: membership?.organizationId ?? null,
        role: membership?.role ?? null,
        emailVerified: true,
      };
      return commands.send(command, target, call(principal, dryRun));
    }

    account(index: number): string {
      return this.accounts[index % Math.max(1, this.accounts.length)] ?? `acc_${'0'.repeat(32)}`;
    }

    id(who: number): string {
      return this.people[who]?.userId ?? '';
    }

    /** The command, so that it can be asked for twice: dry and in earnest. */
    async commandOf(asked: Step): Promise<readonly [OrgledgerCommand, object, number?] | undefined> {
      const { organizationId } = this;
      switch (asked.do) {
        case 'create': {
          const by = Object.assign(new CreateAccount(), { name: 'Some', ownerId: this.id(asked.by) });
          return [by, { organizationId }];
        }
        case 'transfer':
          return [
            Object.assign(new TransferAccountOwnership(), { newOwnerId: this.id(asked.to) }),
            { accountId: this.account(asked.account) },
          ];
        case 'roles':
          return [
            Object.assign(new ChangeAccountRoles(), {
              roles: asked.roles,
              confirmAdministratorDowngrade: true,
            }),
            { accountId: this.account(asked.account), userId: this.id(asked.who) },
          ];
        case 'take':
          return [
            new RemoveAccountUser(),
            { accountId: this.account(asked.account), userId: this.id(asked.who) },
          ];
        case 'invite':
          return [
            Object.assign(new InviteToAccount(), {
              email: this.people[asked.who]?.email,
              roles: asked.roles,
            }),
            { accountId: this.account(asked.account) },
            1,
          ];
        case 'inviteBack': {
          const accounts = [{ accountId: this.account(asked.account), roles: ['support'] as AccountRole[] }];
          const { email = '' } = this.people[asked.who] ?? {};
          return [
            Object.assign(new SendInvite(), { email, role: 'standard_user', accounts }),
            { organizationId },
          ];
        }
        case 'resend': {
          const { invitationId = '' } = this.#invitation(asked.invitation) ?? {};
          return invitationId ? [new ResendInvite(), { organizationId, invitationId }] : undefined;
        }
        case 'accept':
        case 'acceptOld': {
          const sent = this.#invitation(asked.invitation);
          if (!sent) return undefined;
          const { state } = await execution.load(invitation, sent.invitationId);
          const generation = state.status === 'unknown' ? 1 : state.generation;
          const token = serving.app
            .get(LinkTokens)
            .issue('invitation', sent.invitationId, generation - (asked.do === 'acceptOld' ? 1 : 0));
          return [Object.assign(new AcceptInvite(), { token }), {}, sent.who];
        }
        case 'removeFromOrganization': {
          const { who, keep } = asked;
          const owners = this.accounts.map((id) => [id, this.id(keep ? who : 0)]);
          return [
            Object.assign(new RemoveUser(), {
              acknowledgements: codes(userRemoval),
              accountOwners: Object.fromEntries(owners),
            }),
            { organizationId, userId: this.id(who) },
          ];
        }
        default:
          return [
            Object.assign(new CloseAccount(), { acknowledgements: codes(accountClosure) }),
            { accountId: this.account(asked.account) },
          ];
      }
    }

    #invitation(index: number) {
      return this.invitations[index % Math.max(1, this.invitations.length)];
    }

    /** Asks for it, remembers what came of it, and says what was refused. */
    async take(asked: Step): Promise<Outcome | undefined> {
      const made = await this.commandOf(asked);
      if (!made) return undefined;
      const [command, target, by] = made;
      const outcome = await this.send(command, target, by);
      if (isRefusal(outcome)) return outcome;
      if (asked.do === 'create' && 'accountId' in outcome) this.accounts.push(outcome.accountId as string);
      if ('invitationId' in outcome && (asked.do === 'invite' || asked.do === 'inviteBack')) {
        const invitationId = outcome.invitationId as string;
        this.invitations.push({ invitationId, who: asked.who, accountId: this.account(asked.account) });
      }
      if (asked.do === 'acceptOld') throw new Error('a superseded link was accepted');
      return outcome;
    }

    /** Invariants 2, 3, 6 and 7, once everything has settled. */
    async mustBeSound(): Promise<void> {
      await settled();
      for (const accountId of this.accounts) {
        const { state } = await execution.load(account, accountId);
        mustBeSound(state);
        if (state.status === 'unknown') throw new Error('it was created');
        const { state: owner } = await execution.load(user, state.ownerId);
        const home = 'membership' in owner ? (owner.membership?.organizationId ?? null) : null;
        expect([accountId, home]).toEqual([accountId, state.organizationId]);
        const accepted = new Set<string>();
        for (const { invitationId } of this.invitations) {
          const { state: sent } = await execution.load(invitation, invitationId);
          if (sent.status === 'accepted') accepted.add(sent.userId);
        }
        const events = await store.read(`account-${accountId}`);
        if (events.some(({ type }) => type === 'AccountAttached')) continue;
        for (const userId of Object.keys(state.access)) {
          const { state: person } = await execution.load(user, userId);
          const managed =
            'membership' in person && person.membership?.organizationId === state.organizationId;
          if (state.organizationId !== null && !managed)
            expect([userId, accepted.has(userId)]).toEqual([userId, true]);
        }
      }
    }
  }

  const runs = { numRuns: LONG ? 2_000 : 12, endOnFailure: true };

  it('ACC-02, ACC-03, ROL-06, INV-03, INV-05: one after the other, every account has one managed Owner, valid roles, no access unasked', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, lasting(5, 25)), async (steps) => {
        const all = await World.make();
        await all.take({ do: 'create', by: 2 });
        for (const asked of steps) await all.take(asked);
        await all.mustBeSound();
      }),
      runs,
    );
  });

  it('ACC-02, ACC-03: the same when three things happen at once, again and again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, step, step), lasting(3, 10, 17)), async (rounds) => {
        const all = await World.make();
        await all.take({ do: 'create', by: 2 });
        await all.take({ do: 'create', by: 3 });
        for (const round of rounds) await Promise.all(round.map((asked) => all.take(asked)));
        await all.mustBeSound();
      }),
      runs,
    );
  });

  it('every command can be tried first: a dry run tells the events of the real one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, lasting(5, 20)), async (steps) => {
        const all = await World.make();
        await all.take({ do: 'create', by: 2 });
        for (const asked of steps) {
          await settled();
          const made = asked.do === 'acceptOld' ? undefined : await all.commandOf(asked);
          if (!made) continue;
          const [command, target, by] = made;
          const dry = await all.send(
            Object.assign(new (command.constructor as new () => typeof command)(), command),
            target,
            by,
            true,
          );
          const real = await all.take(asked);
          expect(told(dry)).toEqual(told(real));
        }
      }),
      runs,
    );
  });

  it(`ACC-02, ACC-03, ORG-06: ${CONTENDERS} at once accept for, remove, make owner of, and invite the same person: one Owner, one organization, and the others are told why`, async () => {
    const known = [
      'done',
      'already_member',
      'invitation_already_pending',
      'invitation_link_invalid',
      'owner_not_managed',
      'account_owner_required',
      'not_found',
      'user_belongs_to_another_organization',
      'revision_conflict',
    ];
    for (let round = 0; round < (LONG ? 500 : 6); round += 1) {
      const all = await World.make();
      await all.take({ do: 'create', by: 0 });
      await all.take({ do: 'removeFromOrganization', who: 3, keep: false });
      await all.take({ do: 'inviteBack', who: 3, account: 0 });
      const contenders: Step[] = [
        { do: 'accept', invitation: 0 },
        { do: 'removeFromOrganization', who: 3, keep: round % 2 === 0 },
        { do: 'transfer', account: 0, to: 3 },
        { do: 'invite', account: 0, who: 3, roles: ['support'] },
      ];
      const outcomes = await Promise.all(
        Array.from({ length: CONTENDERS }, (_, index) => all.take(contenders[index % 4] as Step)),
      );
      for (const outcome of outcomes)
        expect(known).toContain(outcome && isRefusal(outcome) ? outcome.code : 'done');
      await all.mustBeSound();
      const joined = (await store.read(`user-${all.id(3)}`)).filter(({ type }) => type === 'UserJoinedOrg');
      expect(joined.length).toBeLessThanOrEqual(2);
    }
  });
});
