import {
  type AccountRole,
  type Acknowledgement,
  type Decider,
  type Event,
  inOrder,
  notFound,
  ownerByTransferOnly,
  type Refusal,
  refuse,
  rolesRefusal,
  unacknowledged,
  unreachable,
} from '#kernel';

interface About {
  readonly accountId: string;
  /** Whose account it is; null: an independent one. */
  readonly organizationId: string | null;
  /** Organizations that see it beside that one, as an independent account. */
  readonly sharedWith: readonly string[];
}

/** Somebody with access, as their own stream knew them then. */
export interface AccountUser {
  readonly userId: string;
  readonly email: string;
  readonly domain: string;
  readonly givenName: string;
  readonly familyName: string;
}

interface NewOwner {
  readonly ownerId: string;
  readonly ownerEmail: string;
  readonly ownerGivenName: string;
  readonly ownerFamilyName: string;
}

/** What a change was made because of; null: somebody asked for it. */
export type Cause = { readonly type: string; readonly id: string } | null;

type Roles = readonly AccountRole[];

export type AccountEvent =
  | Event<
      'AccountCreated',
      { accountId: string; organizationId: string; name: string; createdAt: string } & NewOwner
    >
  | Event<'AccountRenamed', About & { name: string; previousName: string }>
  | Event<'AccountTwoFactorRequirementChanged', About & { required: boolean; previousRequired: boolean }>
  | Event<
      'AccountAttached',
      About & {
        organizationId: string;
        previousOrganizationId: string | null;
        ownerId: string;
        userIds: readonly string[];
        cause: Cause;
      }
    >
  | Event<'AccountAccessCarriedOver', About & AccountUser & { roles: Roles }>
  | Event<'AccountDetached', About & { ownerId: string; userIds: readonly string[]; cause: Cause }>
  | Event<
      'AccountShared',
      About & {
        withOrganizationId: string;
        name: string;
        ownerId: string;
        userIds: readonly string[];
        twoFactorRequired: boolean;
        status: OpenStatus;
        createdAt: string;
        cause: Cause;
      }
    >
  | Event<
      'IndependentAccessRelinquished',
      About & {
        relinquishedBy: string;
        /** Who lost their access with it. */
        userIds: readonly string[];
        remainingUserIds: readonly string[];
        acknowledgements: readonly Acknowledgement[];
      }
    >
  | Event<
      'AccountOwnershipTransferred',
      About &
        NewOwner & {
          /** What the new Owner had before; empty: no access. */
          previousRoles: Roles;
          previousOwnerId: string;
          /** What the earlier Owner keeps; empty: no access. */
          previousOwnerRoles: Roles;
          transferredAt: string;
          cause: Cause;
        }
    >
  | Event<
      'AccountAccessGranted',
      About & AccountUser & { roles: Roles; invitationId: string | null; grantedAt: string }
    >
  | Event<'AccountRolesChanged', About & { userId: string; roles: Roles; previousRoles: Roles }>
  | Event<
      'AccountAccessRevoked',
      About & {
        userId: string;
        previousRoles: Roles;
        acknowledgements: readonly Acknowledgement[];
        cause: Cause;
      }
    >
  | Event<'AccountSuspended', About>
  | Event<'AccountReactivated', About>
  | Event<'AccountClosureRequested', About & { acknowledgements: readonly Acknowledgement[] }>
  | Event<'AccountClosed', About>;

type OpenStatus = 'active' | 'suspended';

/** ACC-09. */
export type AccountStatus = OpenStatus | 'pending_closure' | 'closed';

export type KnownAccount = About & {
  readonly status: AccountStatus;
  readonly name: string;
  readonly ownerId: string;
  readonly twoFactorRequired: boolean;
  /** Everybody with access, the Owner too. */
  readonly access: Readonly<Record<string, Roles>>;
  readonly createdAt: string;
};

export type Account = { readonly status: 'unknown' } | KnownAccount;

export type AccountCommand =
  | { type: 'CreateAccount'; accountId: string; organizationId: string; name: string; owner: AccountUser }
  | { type: 'UpdateAccount'; name: string }
  | { type: 'RequireAccountTwoFactor'; required: boolean }
  | { type: 'SuspendAccount' }
  | { type: 'ReactivateAccount' }
  | { type: 'CloseAccount'; acknowledgements?: readonly string[] }
  | { type: 'FinishClosure' }
  | { type: 'TransferAccountOwnership'; to: AccountUser }
  /** Because the one who owned it left the organization: whatever the account's status, and nothing stays with them. */
  | { type: 'ReplaceOwner'; organizationId: string; from: string; to: AccountUser; cause: Cause }
  | { type: 'GrantAccountAccess'; user: AccountUser; roles: Roles; invitationId: string | null }
  | { type: 'ChangeAccountRoles'; userId: string; roles: Roles; confirmAdministratorDowngrade?: boolean }
  | {
      type: 'RemoveAccountUser';
      userId: string;
      /** True: whoever asks does not manage this person, so it cannot be taken back (ACK-03). */
      irreversible: boolean;
      acknowledgements?: readonly string[];
    }
  | { type: 'RevokeAccountAccess'; organizationId: string | null; userId: string; cause: Cause }
  | {
      type: 'AttachAccount';
      organizationId: string;
      from: string | null;
      ownerId: string;
      users: readonly AccountUser[];
      cause: Cause;
    }
  | { type: 'DetachAccount'; organizationId: string; ownerId: string; cause: Cause }
  | { type: 'ShareAccount'; organizationId: string; ownerId: string; cause: Cause }
  | {
      type: 'RelinquishIndependentAccount';
      organizationId: string;
      /** The organization's own people, who lose their access with it. */
      userIds: readonly string[];
      acknowledgements?: readonly string[];
    };

/** ACK-03. */
export const removalFromAccount: readonly Acknowledgement[] = [
  {
    code: 'permanently_removed_from_account',
    sentence: 'The user will be permanently removed from the account.',
  },
  { code: 'not_reversible', sentence: 'This action can not be reversed.' },
];

/** ACK-04. */
export const accountClosure: readonly Acknowledgement[] = [
  { code: 'account_closed', sentence: 'This account will be closed for everybody who has access to it.' },
  { code: 'invitations_cancelled', sentence: 'Pending invitations to this account will be cancelled.' },
  { code: 'not_reversible', sentence: 'This action can not be reversed.' },
];

/** ACC-06. */
export const relinquishment: readonly Acknowledgement[] = [
  { code: 'access_relinquished', sentence: 'The Organization will no longer see this account.' },
  { code: 'users_lose_access', sentence: 'Managed users of the Organization lose their access to it.' },
];

export const accountClosed: Refusal = refuse('conflict', 'account_closed', 'This account is closed.');
export const accountSuspended: Refusal = refuse(
  'conflict',
  'account_suspended',
  'This account is suspended; reactivate it first.',
);
const accountNotManaged: Refusal = refuse(
  'conflict',
  'account_not_managed',
  'This account belongs to no organization; its Owner cannot be changed.',
);
const ownerNotRemovable: Refusal = refuse(
  'conflict',
  'owner_not_removable',
  'The Owner cannot be removed from an account; transfer its ownership first.',
);
const alreadyMember: Refusal = refuse(
  'conflict',
  'already_member',
  'This person has access to the account already.',
);

/** ACC-09: why nothing new begins on this account. */
export const inactive = ({ status }: Account): Refusal | undefined => {
  if (status === 'closed' || status === 'pending_closure') return accountClosed;
  return status === 'suspended' ? accountSuspended : undefined;
};

const without = (access: KnownAccount['access'], gone: readonly string[]): KnownAccount['access'] =>
  Object.fromEntries(Object.entries(access).filter(([userId]) => !gone.includes(userId)));

const evolve = (state: Account, event: AccountEvent): Account => {
  if (event.type === 'AccountCreated') {
    const { accountId, organizationId, name, ownerId, createdAt } = event.data;
    return {
      status: 'active',
      accountId,
      organizationId,
      sharedWith: [],
      name,
      ownerId,
      twoFactorRequired: false,
      access: { [ownerId]: ['owner'] },
      createdAt,
    };
  }
  if (state.status === 'unknown') return state;
  const { access } = state;
  switch (event.type) {
    case 'AccountRenamed':
      return { ...state, name: event.data.name };
    case 'AccountTwoFactorRequirementChanged':
      return { ...state, twoFactorRequired: event.data.required };
    case 'AccountAttached':
    case 'AccountDetached': {
      const { organizationId, sharedWith } = event.data;
      return {
        ...state,
        organizationId: event.type === 'AccountAttached' ? organizationId : null,
        sharedWith,
      };
    }
    case 'AccountShared':
      return { ...state, sharedWith: [...state.sharedWith, event.data.withOrganizationId] };
    case 'IndependentAccessRelinquished': {
      const { relinquishedBy, userIds } = event.data;
      return {
        ...state,
        sharedWith: state.sharedWith.filter((id) => id !== relinquishedBy),
        access: without(access, userIds),
      };
    }
    case 'AccountOwnershipTransferred': {
      const { ownerId, previousOwnerId, previousOwnerRoles } = event.data;
      const stays = previousOwnerRoles.length > 0 ? { [previousOwnerId]: previousOwnerRoles } : {};
      return {
        ...state,
        ownerId,
        access: { ...without(access, [previousOwnerId]), ...stays, [ownerId]: ['owner'] },
      };
    }
    case 'AccountAccessGranted':
    case 'AccountRolesChanged':
      return { ...state, access: { ...access, [event.data.userId]: event.data.roles } };
    case 'AccountAccessRevoked':
      return { ...state, access: without(access, [event.data.userId]) };
    case 'AccountSuspended':
      return { ...state, status: 'suspended' };
    case 'AccountReactivated':
      return { ...state, status: 'active' };
    case 'AccountClosureRequested':
      return { ...state, status: 'pending_closure' };
    case 'AccountClosed':
      return { ...state, status: 'closed' };
    case 'AccountAccessCarriedOver':
      return state;
    default:
      return unreachable(event, state);
  }
};

export const account: Decider<Account, AccountCommand, AccountEvent> = {
  category: 'account',
  initial: { status: 'unknown' },
  evolve,
  organizationOf: (state) => (state.status === 'unknown' ? null : state.organizationId),
  decide: (command, state, { now }) => {
    if (command.type === 'CreateAccount') {
      if (state.status !== 'unknown') return [];
      const { accountId, organizationId, name, owner } = command;
      return [
        {
          type: 'AccountCreated',
          data: { accountId, organizationId, name, createdAt: now, ...asOwner(owner) },
        },
      ];
    }
    if (state.status === 'unknown') return notFound;
    return decideForKnown(command, state, now);
  },
};

const asOwner = ({ userId, email, givenName, familyName }: AccountUser): NewOwner => ({
  ownerId: userId,
  ownerEmail: email,
  ownerGivenName: givenName,
  ownerFamilyName: familyName,
});

type ForKnown = Exclude<AccountCommand, { type: 'CreateAccount' }>;
type Decided = readonly AccountEvent[] | Refusal;

const decideForKnown = (command: ForKnown, state: KnownAccount, now: string): Decided => {
  const { accountId, organizationId, sharedWith } = state;
  const about: About = { accountId, organizationId, sharedWith };
  switch (command.type) {
    case 'UpdateAccount': {
      const { name } = command;
      if (name === state.name) return [];
      return (
        inactive(state) ?? [{ type: 'AccountRenamed', data: { ...about, name, previousName: state.name } }]
      );
    }
    case 'RequireAccountTwoFactor': {
      const { twoFactorRequired: previousRequired } = state;
      const { required } = command;
      if (required === previousRequired) return [];
      return (
        inactive(state) ?? [
          { type: 'AccountTwoFactorRequirementChanged', data: { ...about, required, previousRequired } },
        ]
      );
    }
    case 'SuspendAccount':
      if (state.status === 'active') return [{ type: 'AccountSuspended', data: about }];
      return state.status === 'suspended' ? [] : accountClosed;
    case 'ReactivateAccount':
      if (state.status === 'suspended') return [{ type: 'AccountReactivated', data: about }];
      return state.status === 'active' ? [] : accountClosed;
    case 'CloseAccount':
      if (state.status === 'pending_closure' || state.status === 'closed') return [];
      return (
        unacknowledged(accountClosure, command.acknowledgements) ?? [
          { type: 'AccountClosureRequested', data: { ...about, acknowledgements: accountClosure } },
        ]
      );
    case 'FinishClosure':
      return state.status === 'pending_closure' ? [{ type: 'AccountClosed', data: about }] : [];
    case 'TransferAccountOwnership':
    case 'ReplaceOwner':
      return transferred(command, state, about, now);
    case 'GrantAccountAccess':
    case 'ChangeAccountRoles':
    case 'RemoveAccountUser':
    case 'RevokeAccountAccess':
      return decideAccess(command, state, about, now);
    case 'AttachAccount':
    case 'DetachAccount':
    case 'ShareAccount':
    case 'RelinquishIndependentAccount':
      return decideHome(command, state, about);
    default:
      return unreachable(command, []);
  }
};

/** ACC-02, ACC-07: one event, so that there is never no Owner and never two. */
const transferred = (
  command: Extract<ForKnown, { type: 'TransferAccountOwnership' | 'ReplaceOwner' }>,
  state: KnownAccount,
  about: About,
  now: string,
): Decided => {
  const { ownerId: previousOwnerId } = state;
  const { to } = command;
  const event = (previousOwnerRoles: Roles, cause: Cause): readonly AccountEvent[] => [
    {
      type: 'AccountOwnershipTransferred',
      data: {
        ...about,
        ...asOwner(to),
        previousRoles: state.access[to.userId] ?? [],
        previousOwnerId,
        previousOwnerRoles,
        transferredAt: now,
        cause,
      },
    },
  ];
  if (command.type === 'ReplaceOwner')
    return command.organizationId === state.organizationId &&
      command.from === previousOwnerId &&
      to.userId !== previousOwnerId
      ? event([], command.cause)
      : [];
  if (state.organizationId === null) return accountNotManaged;
  if (state.status === 'closed' || state.status === 'pending_closure') return accountClosed;
  return to.userId === previousOwnerId ? [] : event(['administrator'], null);
};

const decideAccess = (
  command: Extract<
    ForKnown,
    { type: 'GrantAccountAccess' | 'ChangeAccountRoles' | 'RemoveAccountUser' | 'RevokeAccountAccess' }
  >,
  state: KnownAccount,
  about: About,
  now: string,
): Decided => {
  const userId = command.type === 'GrantAccountAccess' ? command.user.userId : command.userId;
  const previousRoles = state.access[userId];
  switch (command.type) {
    case 'GrantAccountAccess': {
      const { user, roles, invitationId } = command;
      const refused = rolesRefusal(roles) ?? inactive(state);
      if (refused) return refused;
      if (previousRoles) return invitationId === null ? alreadyMember : [];
      return [
        {
          type: 'AccountAccessGranted',
          data: { ...about, ...user, roles: inOrder(roles), invitationId, grantedAt: now },
        },
      ];
    }
    case 'ChangeAccountRoles': {
      const refused = rolesRefusal(command.roles) ?? inactive(state);
      if (refused) return refused;
      if (!previousRoles) return notFound;
      if (userId === state.ownerId) return ownerByTransferOnly;
      const roles = inOrder(command.roles);
      if (roles.join() === previousRoles.join()) return [];
      if (previousRoles.includes('administrator') && command.confirmAdministratorDowngrade !== true)
        return administratorDowngrade;
      return [{ type: 'AccountRolesChanged', data: { ...about, userId, roles, previousRoles } }];
    }
    case 'RemoveAccountUser': {
      if (!previousRoles) return notFound;
      if (userId === state.ownerId) return ownerNotRemovable;
      const required = command.irreversible ? removalFromAccount : [];
      return (
        unacknowledged(required, command.acknowledgements) ?? [
          {
            type: 'AccountAccessRevoked',
            data: { ...about, userId, previousRoles, acknowledgements: required, cause: null },
          },
        ]
      );
    }
    case 'RevokeAccountAccess':
      return previousRoles && userId !== state.ownerId && command.organizationId === state.organizationId
        ? [
            {
              type: 'AccountAccessRevoked',
              data: { ...about, userId, previousRoles, acknowledgements: [], cause: command.cause },
            },
          ]
        : [];
    default:
      return unreachable(command, []);
  }
};

/** ROL-07, ACK-07. */
const administratorDowngrade: Refusal = refuse(
  'invalid',
  'administrator_downgrade_unconfirmed',
  'This takes the Administrator role away; confirm it with confirmAdministratorDowngrade.',
);

const decideHome = (
  command: Extract<
    ForKnown,
    { type: 'AttachAccount' | 'DetachAccount' | 'ShareAccount' | 'RelinquishIndependentAccount' }
  >,
  state: KnownAccount,
  about: About,
): Decided => {
  const { ownerId, access, organizationId: previousOrganizationId, sharedWith: shared } = state;
  const userIds = Object.keys(access);
  const { organizationId } = command;
  switch (command.type) {
    case 'AttachAccount': {
      const { from, users, cause } = command;
      if (previousOrganizationId !== from || from === organizationId || ownerId !== command.ownerId)
        return [];
      const sharedWith = shared.filter((id) => id !== organizationId);
      const home = { accountId: state.accountId, organizationId, sharedWith };
      return [
        { type: 'AccountAttached', data: { ...home, previousOrganizationId, ownerId, userIds, cause } },
        ...users.flatMap((user): AccountEvent[] => {
          const roles = access[user.userId];
          return roles ? [{ type: 'AccountAccessCarriedOver', data: { ...home, ...user, roles } }] : [];
        }),
      ];
    }
    case 'DetachAccount':
      return previousOrganizationId === organizationId && ownerId === command.ownerId
        ? [{ type: 'AccountDetached', data: { ...about, ownerId, userIds, cause: command.cause } }]
        : [];
    case 'ShareAccount': {
      if (ownerId !== command.ownerId) return notFound;
      if (previousOrganizationId === organizationId || shared.includes(organizationId)) return [];
      const { name, status, twoFactorRequired, createdAt } = state;
      if (status === 'closed' || status === 'pending_closure') return accountClosed;
      return [
        {
          type: 'AccountShared',
          data: {
            ...about,
            withOrganizationId: organizationId,
            name,
            ownerId,
            userIds,
            twoFactorRequired,
            status,
            createdAt,
            cause: command.cause,
          },
        },
      ];
    }
    case 'RelinquishIndependentAccount': {
      if (!shared.includes(organizationId)) return notFound;
      const lost = command.userIds.filter((id) => id !== ownerId && access[id]);
      return (
        unacknowledged(relinquishment, command.acknowledgements) ?? [
          {
            type: 'IndependentAccessRelinquished',
            data: {
              ...about,
              relinquishedBy: organizationId,
              userIds: lost,
              remainingUserIds: userIds.filter((id) => !lost.includes(id)),
              acknowledgements: relinquishment,
            },
          },
        ]
      );
    }
    default:
      return unreachable(command, []);
  }
};
