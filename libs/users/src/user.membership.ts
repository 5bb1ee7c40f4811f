import {
  type AssignableRole,
  type Decision,
  notFound,
  type OrganizationRole,
  type Refusal,
  refuse,
  unreachable,
} from '#kernel';
import { elsewhere, verificationRequested } from './user.arrival.ts';
import type { UserEvent } from './user.events.ts';
import type { Living, Membership } from './user.ts';

/** What an organization says of a person that it manages. `ownerId` is its Owner, read after the person was. */
export type MemberCommand =
  | { type: 'UpdateProfile'; givenName?: string; familyName?: string }
  | { type: 'FoundOrganization'; organizationId: string; organizationName: string }
  | { type: 'ChangeEmail'; email: string; domain: string; tokenHash: string; tokenExpiresAt: string }
  | { type: 'ChangeOrganizationRole'; role: OrganizationRole; ownerId: string }
  | { type: 'RequireTwoFactor'; required: boolean }
  | { type: 'DeactivateUser'; ownerId: string }
  | { type: 'ReactivateUser' }
  | { type: 'NominateOwner'; organizationId: string; until: string }
  | { type: 'FollowOwnership'; organizationId: string; role: OrganizationRole };

/** ROL-04. */
export const ownerByTransfer: Refusal = refuse(
  'invalid',
  'owner_role_by_transfer_only',
  'There is one Owner; ownership is transferred.',
);

export const ownerNotRemovable: Refusal = refuse(
  'conflict',
  'owner_not_removable',
  'The Owner stays; transfer the ownership of the organization first.',
);

export const notManaged: Refusal = refuse(
  'invalid',
  'owner_not_managed',
  'The new owner must be an active managed user of the organization.',
);

/** The organization's stream says who the Owner is; a nomination holds its place until that has said so. */
export const isOwner = (userId: string, { nominatedUntil }: Membership, ownerId: string, now: string) =>
  ownerId === userId || (nominatedUntil !== null && now < nominatedUntil);

export const changed = (command: MemberCommand, state: Living, now: string): Decision<UserEvent> => {
  const { userId, membership } = state;
  if (command.type === 'UpdateProfile') return renamed(command, state);
  if (command.type === 'FoundOrganization') return founded(command, state);
  if (!membership) return command.type === 'FollowOwnership' ? [] : notFound;
  const { organizationId } = membership;
  const member = { userId, organizationId };
  switch (command.type) {
    case 'ChangeEmail': {
      const { email, domain } = command;
      if (email === state.email) return [];
      const { email: previousEmail, domain: previousDomain } = state;
      const requested = verificationRequested(command, { ...state, emailVerified: false });
      return [
        { type: 'UserEmailChanged', data: { ...member, email, domain, previousEmail, previousDomain } },
        ...(requested as readonly UserEvent[]),
      ];
    }
    case 'ChangeOrganizationRole':
      if (command.role === 'owner' || isOwner(userId, membership, command.ownerId, now))
        return ownerByTransfer;
      return roleChanged(state, membership, command.role);
    case 'RequireTwoFactor': {
      const { required } = command;
      const { twoFactorRequired: previousRequired } = state;
      return required === previousRequired
        ? []
        : [{ type: 'TwoFactorRequirementChanged', data: { ...member, required, previousRequired } }];
    }
    case 'DeactivateUser':
      if (isOwner(userId, membership, command.ownerId, now)) return ownerNotRemovable;
      return state.status === 'deactivated' ? [] : [{ type: 'UserDeactivated', data: member }];
    case 'ReactivateUser':
      return state.status === 'active' ? [] : [{ type: 'UserReactivated', data: member }];
    case 'NominateOwner':
      if (state.status !== 'active' || command.organizationId !== organizationId) return notManaged;
      return command.until === membership.nominatedUntil
        ? []
        : [{ type: 'OwnerNominated', data: { ...member, until: command.until } }];
    case 'FollowOwnership':
      return command.organizationId === organizationId ? roleChanged(state, membership, command.role) : [];
    default:
      return unreachable(command, []);
  }
};

const renamed = (
  command: Extract<MemberCommand, { type: 'UpdateProfile' }>,
  { status, userId, givenName: previousGivenName, familyName: previousFamilyName, membership }: Living,
): Decision<UserEvent> => {
  if (status !== 'active') return notFound;
  const givenName = command.givenName ?? previousGivenName;
  const familyName = command.familyName ?? previousFamilyName;
  if (givenName === previousGivenName && familyName === previousFamilyName) return [];
  const organizationId = membership?.organizationId ?? null;
  return [
    {
      type: 'UserProfileUpdated',
      data: { userId, organizationId, givenName, familyName, previousGivenName, previousFamilyName },
    },
  ];
};

/** ORG-05, AMB-14. */
const founded = (
  { organizationId, organizationName }: Extract<MemberCommand, { type: 'FoundOrganization' }>,
  { userId, membership, founded: home }: Living,
): Decision<UserEvent> => {
  if (home === organizationId) return [];
  if (membership || home !== null) return elsewhere;
  return [{ type: 'OrganizationFounded', data: { userId, organizationId, organizationName } }];
};

const roleChanged = (
  { userId }: Living,
  { organizationId, role: previousRole, nominatedUntil }: Membership,
  role: AssignableRole | 'owner',
): Decision<UserEvent> =>
  role === previousRole && (nominatedUntil === null || role !== 'owner')
    ? []
    : [{ type: 'OrganizationRoleChanged', data: { userId, organizationId, role, previousRole } }];
