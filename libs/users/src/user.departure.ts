import { type Acknowledgement, type Decision, notFound, refuse, unacknowledged } from '#kernel';
import type { Cause, LeavingReason, UserEvent } from './user.events.ts';
import { isOwner, notManaged, ownerNotRemovable } from './user.membership.ts';
import type { Life, Living } from './user.ts';

/** Account → who is to own it. */
export type AccountOwners = Readonly<Record<string, string>>;

/** What was found of a person's accounts, and what the caller wants to become of those they own. */
interface Leaving {
  /** The organization's Owner, read after the person was. */
  readonly ownerId: string;
  readonly acknowledgements?: readonly string[];
  readonly accountOwners?: AccountOwners;
  /** Accounts of the organization that the person owns. */
  readonly owned: readonly string[];
  /** Accounts of the organization that the person has access to. */
  readonly accountIds: readonly string[];
  /** Those among the named owners who are active managed users of the organization. */
  readonly managed: readonly string[];
}

export type DepartureCommand =
  | ({ type: 'RemoveUser' | 'DeleteUser' } & Leaving)
  | {
      type: 'LeaveOrganization';
      organizationId: string;
      reason: Exclude<LeavingReason, 'manual' | 'deleted'>;
      cause: Cause | null;
      ownerId: string;
      accountIds: readonly string[];
    };

/** ACK-01. */
export const userRemoval: readonly Acknowledgement[] = [
  { code: 'removed_from_organization', sentence: 'This user will be removed from the Organization.' },
  { code: 'access_ends', sentence: 'This user will lose access to all managed accounts.' },
  { code: 'roles_end', sentence: 'The user will lose access to any role granted by the Organization.' },
  {
    code: 'access_can_be_granted',
    sentence: 'Access to managed accounts can still be granted in the future.',
  },
  {
    code: 'control_ends',
    sentence: 'The Organization will no longer be able to control the lifecycle or setting of the user.',
  },
];

/** ACK-02. */
export const userDeletion: readonly Acknowledgement[] = [
  {
    code: 'accounts_stay',
    sentence:
      'This action deletes the data associated with the users, but not the accounts the user owns or has access to.',
  },
  { code: 'access_ends', sentence: 'The user will lose all access immediately.' },
  { code: 'data_deleted', sentence: 'All user data will be deleted immediately.' },
  { code: 'irreversible', sentence: 'This action can not be reversed.' },
];

export const departed = (command: DepartureCommand, state: Living, now: string): Decision<UserEvent> => {
  const { userId, membership } = state;
  if (command.type === 'LeaveOrganization') {
    if (membership?.organizationId !== command.organizationId) return [];
    if (isOwner(userId, membership, command.ownerId, now)) return ownerNotRemovable;
    const { reason, cause, accountIds } = command;
    return left(state, { reason, cause, accountIds, acknowledgements: [], accountOwners: {} }, now);
  }
  if (!membership) return notFound;
  if (isOwner(userId, membership, command.ownerId, now)) return ownerNotRemovable;
  const deletes = command.type === 'DeleteUser';
  const acknowledgements = deletes ? userDeletion : userRemoval;
  const refused =
    unacknowledged(acknowledgements, command.acknowledgements) ??
    ownersRefused(command, deletes ? null : userId);
  if (refused) return refused;
  const { owned, accountIds, accountOwners = {} } = command;
  const events = left(
    state,
    {
      reason: deletes ? 'deleted' : 'manual',
      cause: null,
      acknowledgements,
      accountOwners: Object.fromEntries(owned.map((id) => [id, accountOwners[id] ?? userId])),
      accountIds,
    },
    now,
  );
  return deletes ? [...events, ...deleted(state, membership.organizationId, acknowledgements, now)] : events;
};

/** USR-08, USR-09: every owned account has a named next owner; the person themselves only where they stay one. */
const ownersRefused = ({ owned, accountOwners = {}, managed }: Leaving, kept: string | null) => {
  const unnamed = owned.filter((id) => accountOwners[id] === undefined);
  if (unnamed.length > 0)
    return refuse('invalid', 'account_owner_required', 'Name the next owner of every account they own.', {
      accounts: unnamed,
    });
  const unfit = owned.filter((id) => {
    const next = accountOwners[id] ?? '';
    return next !== kept && !managed.includes(next);
  });
  return unfit.length > 0 ? { ...notManaged, members: { accounts: unfit } } : undefined;
};

const left = (
  { userId, email, domain, givenName, familyName, membership }: Living,
  leaving: {
    readonly reason: LeavingReason;
    readonly cause: Cause | null;
    readonly acknowledgements: readonly Acknowledgement[];
    readonly accountOwners: AccountOwners;
    readonly accountIds: readonly string[];
  },
  now: string,
): UserEvent[] =>
  membership
    ? [
        {
          type: 'UserRemovedFromOrg',
          data: {
            userId,
            organizationId: membership.organizationId,
            role: membership.role,
            email,
            domain,
            givenName,
            familyName,
            ...leaving,
            removedAt: now,
          },
        },
      ]
    : [];

/** USR-10: the key goes last; everything before it can still be read by those who must act on it. */
const deleted = (
  { userId }: Living,
  organizationId: string,
  acknowledgements: readonly Acknowledgement[],
  now: string,
): UserEvent[] => [
  { type: 'UserDeleted', data: { userId, organizationId, acknowledgements, deletedAt: now } },
  { type: 'UserDataErased', data: { userId, keyId: userId } },
];

/** Their accounts follow later, maybe after they joined and left another organization. */
export const partings = (
  { userId, keptAccounts, accountOwners: before }: Living,
  left: Extract<UserEvent, { type: 'UserRemovedFromOrg' }>['data'],
): Pick<Life, 'keptAccounts' | 'accountOwners'> => {
  const { organizationId, accountOwners, accountIds } = left;
  const named = Object.keys(accountOwners);
  const { [organizationId]: _told, ...others } = before;
  return {
    keptAccounts: [
      ...keptAccounts.filter((id) => !named.includes(id) && !accountIds.includes(id)),
      ...named.filter((id) => accountOwners[id] === userId),
    ],
    accountOwners: named.length > 0 ? { ...others, [organizationId]: accountOwners } : others,
  };
};
