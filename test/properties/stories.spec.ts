import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { accountRoles, type CommandContext, type Decider, type Event, isRefusal } from '#kernel';
import { removalFromAccount } from '../../libs/accounts/src/account.access.ts';
import { relinquishment } from '../../libs/accounts/src/account.home.ts';
import { accountClosure } from '../../libs/accounts/src/account.standing.ts';
import { account } from '../../libs/accounts/src/account.ts';
import { accountAddition } from '../../libs/accounts/src/account-addition.ts';
import { accountSlots } from '../../libs/accounts/src/account-slots.ts';
import { claim } from '../../libs/claims/src/claim.ts';
import { domain, domainDeletion } from '../../libs/domains/src/domain.ts';
import { domainSlots } from '../../libs/domains/src/domain-slots.ts';
import { invitation } from '../../libs/invitations/src/invitation.ts';
import { invitationDelivery } from '../../libs/invitations/src/invitation-delivery.ts';
import { organization } from '../../libs/organizations/src/organization.ts';
import { userDeletion, userRemoval } from '../../libs/users/src/user.departure.ts';
import { user } from '../../libs/users/src/user.ts';

const LONG = process.env.ORGLEDGER_LONG === '1';
const RUNS = LONG ? 4_000 : 400;
const COMMANDS = LONG ? { minLength: 50, maxLength: 50 } : { maxLength: 25 };

const oneOf = <const T extends string>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const is = <const T>(value: T) => fc.constant(value);
const name = oneOf('a', 'b', 'c');
const hash = oneOf('hash1', 'hash2');
const moment = fc.integer({ min: 0, max: 9 }).map((day) => `2026-03-0${day + 1}T00:00:00.000Z`);
const organizationId = oneOf('org_1', 'org_2');
const invitationId = oneOf('inv_1', 'inv_2');
const person = { userId: is('usr_1'), email: is('a@b.example'), domain: is('b.example') };
const names = { givenName: name, familyName: name };
const founds = fc.record({
  organizationId: is('org_1'),
  organizationName: is('Own'),
  accountId: is('acc_1'),
  accountName: is('First'),
});
const method = oneOf('dns_txt', 'https_file');
const observation = fc.record({
  outcome: oneOf('found', 'missing', 'inconclusive'),
  reason: is('seen'),
  observed: fc.array(name, { maxLength: 1 }),
});

const roles = fc.subarray([...accountRoles], { maxLength: 3 });
const somebody = name.map((userId) => ({
  userId,
  email: `${userId}@b.example`,
  domain: 'b.example',
  givenName: userId,
  familyName: 'Ray',
}));
const acknowledged = (required: readonly { code: string }[]) =>
  fc.constantFrom(
    required.map(({ code }) => code),
    [],
  );

interface Story {
  readonly decider: Decider<unknown, never, Event>;
  readonly commands: fc.Arbitrary<{ type: string }>;
  /** Commands that a rule lets happen again, and the rule. */
  readonly repeatable?: Readonly<Record<string, string>>;
}

const story = <State, Command extends { type: string }, E extends Event>(
  decider: Decider<State, Command, E>,
  commands: fc.Arbitrary<Command>,
  repeatable?: Partial<Record<Command['type'], string>>,
): Story => ({ decider, commands, repeatable }) as unknown as Story;

const stories: Readonly<Record<string, Story>> = {
  organization: story(
    organization,
    fc.oneof(
      fc.record({
        type: is('CreateOrganization' as const),
        organizationId: is('org_1'),
        name,
        ownerId: name,
        via: is('sign_up' as const),
      }),
      fc.record({ type: is('RenameOrganization' as const), name }),
      fc.record({
        type: is('SetDomainSignupPolicy' as const),
        policy: oneOf('invite_only', 'auto_join', 'outside'),
      }),
      fc.record({
        type: is('TransferOwnership' as const),
        previousOwnerId: name,
        newOwnerId: name,
        newOwnerDomain: name,
        previousOwnerRole: oneOf('administrator', 'standard_user'),
      }),
      fc.record({ type: is('RequestOrganizationDeletion' as const) }),
    ),
  ),
  account: story(
    account,
    fc.oneof(
      fc.record({
        type: is('CreateAccount' as const),
        accountId: is('acc_1'),
        organizationId: is('org_1'),
        name,
        owner: somebody,
      }),
      fc.record({ type: is('UpdateAccount' as const), name }),
      fc.record({ type: is('RequireAccountTwoFactor' as const), required: fc.boolean() }),
      fc.record({ type: oneOf('SuspendAccount', 'ReactivateAccount', 'FinishClosure') }),
      fc.record({ type: is('CloseAccount' as const), acknowledgements: acknowledged(accountClosure) }),
      fc.record({ type: is('TransferAccountOwnership' as const), to: somebody }),
      fc.record({
        type: is('ReplaceOwner' as const),
        organizationId,
        from: name,
        to: somebody,
        cause: is(null),
      }),
      fc.record({
        type: is('GrantAccountAccess' as const),
        user: somebody,
        roles,
        invitationId: fc.option(invitationId),
      }),
      fc.record({
        type: is('ChangeAccountRoles' as const),
        userId: name,
        roles,
        confirmAdministratorDowngrade: fc.boolean(),
      }),
      fc.record({
        type: is('RemoveAccountUser' as const),
        userId: name,
        irreversible: fc.boolean(),
        acknowledgements: acknowledged(removalFromAccount),
      }),
      fc.record({ type: is('RevokeAccountAccess' as const), organizationId, userId: name, cause: is(null) }),
      fc.record({
        type: is('AttachAccount' as const),
        organizationId,
        from: fc.option(organizationId),
        ownerId: name,
        users: fc.array(somebody, { maxLength: 3 }),
        cause: is(null),
      }),
      fc.record({
        type: oneOf('DetachAccount', 'ShareAccount'),
        organizationId,
        ownerId: name,
        cause: is(null),
      }),
      fc.record({
        type: is('RelinquishIndependentAccount' as const),
        organizationId,
        userIds: fc.array(name, { maxLength: 2 }),
        acknowledgements: acknowledged(relinquishment),
      }),
    ),
  ),
  accountAddition: story(
    accountAddition,
    fc.oneof(
      fc.record({
        type: is('RequestAccountAddition' as const),
        additionId: is('add_1'),
        accountId: is('acc_1'),
        organizationId: is('org_1'),
        kind: oneOf('managed', 'independent'),
        ownerId: name,
        name,
        requestedBy: is('usr_9'),
        expiresAt: moment,
      }),
      fc.record({ type: is('ConfirmAccountAddition' as const), ownerId: name }),
      fc.record({ type: oneOf('DeclineAccountAddition', 'ExpireAccountAddition') }),
      fc.record({ type: is('RevertAccountAddition' as const), reason: name }),
    ),
  ),
  accountSlots: story(
    accountSlots,
    fc.record({
      type: is('ReserveAccountSlot' as const),
      organizationId: is('org_1'),
      accountId: name,
      settled: is([]),
    }),
  ),
  claim: story(
    claim,
    fc.oneof(
      fc.record({
        type: is('ReserveClaim' as const),
        holder: name,
        organizationId,
        insteadOf: fc.option(fc.record({ holder: name, reservedAt: moment })),
      }),
      fc.record({ type: is('RenewClaim' as const), holder: name }),
      fc.record({ type: is('ReleaseClaim' as const), holder: name }),
    ),
    { RenewClaim: 'a renewal is as new as the moment it is asked for' },
  ),
  domain: story(
    domain,
    fc.oneof(
      fc.record({
        type: is('AddDomain' as const),
        domainId: is('dom_1'),
        organizationId: is('org_1'),
        domain: is('b.example'),
        method,
        token: is('token'),
        skeleton: is('b.example'),
      }),
      fc.record({ type: is('ChangeVerificationMethod' as const), method }),
      fc.record({ type: is('VerifyDomain' as const), observation }),
      fc.record({
        type: is('DeleteDomain' as const),
        acknowledgements: fc.constantFrom(
          domainDeletion(0).map(({ code }) => code),
          [],
        ),
        managedUsers: is(0),
      }),
    ),
    { VerifyDomain: 'DOM-11: every check of a pending domain is recorded with what it saw' },
  ),
  domainSlots: story(
    domainSlots,
    fc.oneof(
      fc.record({
        type: is('ReserveDomainSlot' as const),
        organizationId: is('org_1'),
        domainId: name,
        domain: name,
        limit: is(2),
      }),
      fc.record({ type: is('ReleaseDomainSlot' as const), organizationId: is('org_1'), domainId: name }),
    ),
  ),
  invitation: story(
    invitation,
    fc.oneof(
      fc.record({
        type: is('SendInvite' as const),
        invitationId: is('inv_1'),
        organizationId: is('org_1'),
        ...person,
        role: fc.option(oneOf('administrator', 'standard_user')),
        accountId: fc.option(is('acc_1')),
        accounts: fc.array(fc.record({ accountId: is('acc_1'), roles }), { maxLength: 2 }),
        joinsOrganizationId: fc.option(organizationId),
        absorbs: fc.option(organizationId),
        ownedAccountIds: is([]),
        kind: oneOf('new_user', 'existing_user', 'merge'),
        invitedBy: is('usr_9'),
        tokenHash: hash,
        expiresAt: moment,
      }),
      fc.record({
        type: is('ResendInvite' as const),
        userId: oneOf('usr_1', 'usr_2'),
        kind: oneOf('new_user', 'existing_user'),
        absorbs: fc.option(organizationId),
        ownedAccountIds: is([]),
        tokenHash: hash,
        expiresAt: moment,
      }),
      fc.record({ type: is('AcceptInvite' as const), tokenHash: hash, userId: oneOf('usr_1', 'usr_2') }),
      fc.record({ type: is('RevertAcceptance' as const), reason: name }),
      fc.record({ type: is('RecordRefusedPart' as const), accountId: fc.option(name), reason: name }),
      fc.record({ type: is('DeclineInvite' as const), tokenHash: hash }),
      fc.record({
        type: is('CancelInvite' as const),
        reason: oneOf('manual', 'domain_deleted', 'account_closed'),
      }),
      fc.record({ type: is('ExpireInvite' as const), generation: fc.integer({ min: 1, max: 3 }) }),
    ),
    {
      ResendInvite: 'INV-05: every resend makes a new link',
      RecordRefusedPart: 'each refusal of a part is told',
    },
  ),
  invitationDelivery: story(
    invitationDelivery,
    fc.record({
      type: is('ReportInvitationMail' as const),
      invitationId: is('inv_1'),
      organizationId: is('org_1'),
      userId: is('usr_1'),
      generation: fc.integer({ min: 1, max: 3 }),
      delivery: oneOf('accepted', 'deferred', 'bounced', 'failed'),
    }),
  ),
  user: story(
    user,
    fc.oneof(
      fc.record({
        type: is('SignUp' as const),
        ...person,
        ...names,
        founds,
        joinsAfterVerification: is(null),
        tokenHash: hash,
        tokenExpiresAt: moment,
      }),
      fc.record({ type: is('RegisterPendingUser' as const), ...person, invitationId, organizationId }),
      fc.record({ type: is('CloseInvitation' as const), invitationId }),
      fc.record({ type: is('ActivateInvitee' as const), ...names }),
      fc.record({
        type: is('RequestEmailVerification' as const),
        tokenHash: hash,
        tokenExpiresAt: moment,
      }),
      fc.record({ type: is('VerifyEmail' as const), tokenHash: hash }),
      fc.record({
        type: is('JoinOrganization' as const),
        organizationId,
        role: oneOf('owner', 'administrator', 'standard_user'),
        via: oneOf('sign_up', 'invitation'),
        invitationId: fc.option(invitationId),
      }),
      fc.record({ type: is('UpdateProfile' as const), ...names }),
      fc.record({ type: is('FoundOrganization' as const), organizationId, organizationName: name }),
      fc.record({
        type: is('ChangeEmail' as const),
        email: oneOf('a@b.example', 'c@b.example'),
        domain: is('b.example'),
        tokenHash: hash,
        tokenExpiresAt: moment,
      }),
      fc.record({
        type: is('ChangeOrganizationRole' as const),
        role: oneOf('owner', 'administrator', 'standard_user'),
        ownerId: oneOf('usr_1', 'usr_2'),
      }),
      fc.record({ type: is('RequireTwoFactor' as const), required: fc.boolean() }),
      fc.record({ type: is('DeactivateUser' as const), ownerId: oneOf('usr_1', 'usr_2') }),
      fc.record({ type: is('ReactivateUser' as const) }),
      fc.record({ type: is('NominateOwner' as const), organizationId, until: moment }),
      fc.record({
        type: is('FollowOwnership' as const),
        organizationId,
        role: oneOf('owner', 'administrator'),
      }),
      fc.record({
        type: oneOf('RemoveUser', 'DeleteUser'),
        ownerId: oneOf('usr_1', 'usr_2'),
        acknowledgements: fc.constantFrom(
          [...userRemoval, ...userDeletion].map(({ code }) => code),
          [],
        ),
        accountOwners: fc.constantFrom<Record<string, string>>({}, { acc_1: 'usr_1' }, { acc_1: 'usr_2' }),
        owned: fc.constantFrom([], ['acc_1']),
        accountIds: fc.constantFrom([], ['acc_1']),
        managed: fc.constantFrom([], ['usr_2']),
      }),
      fc.record({
        type: is('LeaveOrganization' as const),
        organizationId,
        reason: oneOf('domain_validation_lapsed', 'merge'),
        cause: is(null),
        ownerId: oneOf('usr_1', 'usr_2'),
        accountIds: is([]),
      }),
    ),
    { RequestEmailVerification: 'every request makes a new link' },
  ),
};

const frozen = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) frozen(member);
  }
  return value;
};

interface Asked {
  readonly command: { type: string };
  readonly now: string;
}

/** Lives a life: every command in turn, its events folded, everything frozen on the way. */
const live = (
  { decider }: Story,
  commands: readonly Asked[],
  each?: (state: unknown, asked: Asked) => void,
) => {
  const log: Event[] = [];
  let state = frozen(decider.initial);
  for (const asked of commands) {
    const decision = decide(decider, asked, state);
    if (isRefusal(decision)) continue;
    log.push(...frozen([...decision]));
    state = frozen(decision.reduce(decider.evolve, state));
    each?.(state, asked);
  }
  return { log, state };
};

const decide = (decider: Story['decider'], { command, now }: Asked, state: unknown) =>
  decider.decide(
    command as never,
    state,
    frozen({ now, actor: { type: 'user', id: 'usr_9' } } satisfies CommandContext),
  );

describe.each(Object.entries(stories))('the story of %s', (_name, told) => {
  const lives = fc.array(fc.record({ command: told.commands.map(frozen), now: moment }), COMMANDS);

  it('a command that changes nothing writes nothing: the same command again gives no event, but where a rule says so', () => {
    fc.assert(
      fc.property(lives, (commands) => {
        live(told, commands, (state, asked) => {
          const again = decide(told.decider, asked, state);
          if (isRefusal(again) || asked.command.type in (told.repeatable ?? {})) return;
          expect(again).toEqual([]);
        });
      }),
      { numRuns: RUNS },
    );
  });

  it('folding and deciding are pure: frozen input, the same result every time', () => {
    fc.assert(
      fc.property(lives, (commands) => {
        const { log, state } = live(told, commands);
        const folded = structuredClone(log).reduce(told.decider.evolve, told.decider.initial);
        expect(folded).toEqual(state);
        for (const asked of commands)
          expect(decide(told.decider, asked, structuredClone(state))).toEqual(
            decide(told.decider, asked, state),
          );
      }),
      { numRuns: RUNS },
    );
  });

  it('an event of another time or noun changes nothing', () => {
    fc.assert(
      fc.property(lives, (commands) => {
        const { state } = live(told, commands);
        expect(told.decider.evolve(state, { type: 'SomethingElseHappened', data: {} })).toEqual(state);
      }),
      { numRuns: 50 },
    );
  });
});

describe('what a rule lets happen again', () => {
  it('is still so: an exception that no life needs is not one', () => {
    for (const told of Object.values(stories)) {
      const repeated = new Set<string>();
      const lives = fc.array(fc.record({ command: told.commands, now: moment }), { maxLength: 25 });
      for (const commands of fc.sample(lives, { numRuns: 2_000, seed: 7 }))
        live(told, commands, (state, asked) => {
          const again = decide(told.decider, asked, state);
          if (!isRefusal(again) && again.length > 0) repeated.add(asked.command.type);
        });
      expect([...repeated].sort()).toEqual(Object.keys(told.repeatable ?? {}).sort());
    }
  });
});
