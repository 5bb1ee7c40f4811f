import type { Catalogue } from '#kernel';
import type { UserEvent } from './user.events.ts';

const person = { email: 'userId', givenName: 'userId', familyName: 'userId' };
const names = {
  givenName: 'userId',
  familyName: 'userId',
  previousGivenName: 'userId',
  previousFamilyName: 'userId',
};
const status = (previous: string | null, updated: string) => [{ field: 'status', previous, updated }];

export const userHistory: Catalogue<UserEvent['type']> = {
  UserRegistered: {
    version: 2,
    upcast: [(data) => ({ ...data, joinsAfterVerification: null })],
    summary: 'A person was registered.',
    personal: person,
  },
  PendingUserInvited: { summary: 'A pending person was invited again.', technical: true },
  PendingUserInvitationClosed: {
    summary: 'One of the invitations of a pending person ended.',
    technical: true,
  },
  PendingUserDiscarded: {
    summary: 'A pending person was discarded.',
    changes: status('pending', 'discarded'),
  },
  UserActivated: {
    version: 2,
    upcast: [(data) => ({ ...data, joinsAfterVerification: null })],
    summary: 'A pending person became active.',
    personal: names,
    changes: status('pending', 'active'),
  },
  EmailVerificationRequested: {
    summary: 'A link to verify an e-mail address was requested.',
    technical: true,
  },
  EmailVerified: {
    version: 2,
    upcast: [(data) => ({ ...data, joins: null })],
    summary: 'An e-mail address was verified.',
    changes: [{ field: 'emailVerified', previous: false, updated: true }],
  },
  UserJoinedOrg: {
    version: 3,
    upcast: [
      (data) => ({ ...data, ownedAccountIds: [] }),
      (data) => ({ ...data, emailVerified: data.via === 'invitation' }),
    ],
    summary: 'A person joined the organization.',
    personal: person,
  },
  UserProfileUpdated: { summary: 'A person was renamed.', personal: names },
  OrganizationFounded: { summary: 'A person asked for an organization of their own.' },
  UserEmailChanged: {
    summary: 'The e-mail address of a person was changed.',
    personal: { email: 'userId', previousEmail: 'userId' },
  },
  OrganizationRoleChanged: { summary: 'The organization role of a person was changed.' },
  TwoFactorRequirementChanged: { summary: 'Whether a person must use two-factor sign-in was changed.' },
  UserDeactivated: { summary: 'A person was deactivated.', changes: status('active', 'deactivated') },
  UserReactivated: { summary: 'A person was reactivated.', changes: status('deactivated', 'active') },
  OwnerNominated: { summary: 'A person is about to become the Owner.', technical: true },
  UserRemovedFromOrg: { summary: 'A person was removed from the organization.', personal: person },
  UserDeleted: { summary: 'A person was deleted.', changes: status('active', 'deleted') },
  UserDataErased: { summary: 'The personal data of a person was erased for ever.', erases: 'userId' },
};
