import { type Decider, notFound, unreachable } from '#kernel';
import { type AccessCommand, accessChanged } from './account.access.ts';
import type { About, AccountEvent, AccountUser, OpenStatus, Roles } from './account.events.ts';
import { type HomeCommand, housed } from './account.home.ts';
import { asOwner, type OwnershipCommand, transferred } from './account.ownership.ts';
import { type StandingCommand, stands } from './account.standing.ts';

/** ACC-09. */
export type AccountStatus = OpenStatus | 'pending_closure' | 'closed';

export type KnownAccount = About & {
  readonly status: AccountStatus;
  readonly name: string;
  readonly ownerId: string;
  readonly twoFactorRequired: boolean;
  /** Everybody with access, the Owner too. */
  readonly access: Readonly<Record<string, Roles>>;
  /** Organizations that were absorbed with it: what is still owed there is owed here (MRG-04). */
  readonly cameFrom: readonly string[];
  readonly createdAt: string;
};

export type Account = { readonly status: 'unknown' } | KnownAccount;

export type AccountCommand =
  | { type: 'CreateAccount'; accountId: string; organizationId: string; name: string; owner: AccountUser }
  | StandingCommand
  | OwnershipCommand
  | AccessCommand
  | HomeCommand;

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
      cameFrom: [],
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
    case 'AccountAttached': {
      const { organizationId, previousOrganizationId, sharedWith } = event.data;
      const absorbed = previousOrganizationId === null ? [] : [previousOrganizationId];
      return { ...state, organizationId, sharedWith, cameFrom: [...state.cameFrom, ...absorbed] };
    }
    case 'AccountDetached':
      return { ...state, organizationId: null, sharedWith: event.data.sharedWith, cameFrom: [] };
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
    case 'AccountUserUpdated':
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
    const { accountId, organizationId, sharedWith } = state;
    const about: About = { accountId, organizationId, sharedWith };
    switch (command.type) {
      case 'TransferAccountOwnership':
      case 'ReplaceOwner':
        return transferred(command, state, about, now);
      case 'GrantAccountAccess':
      case 'ChangeAccountRoles':
      case 'RemoveAccountUser':
      case 'RevokeAccountAccess':
      case 'UpdateAccountUser':
        return accessChanged(command, state, about, now);
      case 'AttachAccount':
      case 'DetachAccount':
      case 'ShareAccount':
      case 'RelinquishIndependentAccount':
      case 'PassOnShare':
        return housed(command, state, about);
      default:
        return stands(command, state, about);
    }
  },
};
