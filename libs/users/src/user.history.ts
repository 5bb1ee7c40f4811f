import type { Catalogue } from '#kernel';
import type { UserEvent } from './user.ts';

const person = { email: 'userId', givenName: 'userId', familyName: 'userId' };
const names = {
  givenName: 'userId',
  familyName: 'userId',
  previousGivenName: 'userId',
  previousFamilyName: 'userId',
};
const status = (previous: string | null, updated: string) => [{ field: 'status', previous, updated }];

export const userHistory: Catalogue<UserEvent['type']> = {
  UserRegistered: { summary: 'A person was registered.', personal: person },
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
    summary: 'A pending person became active.',
    personal: names,
    changes: status('pending', 'active'),
  },
  EmailVerificationRequested: {
    summary: 'A link to verify an e-mail address was requested.',
    technical: true,
  },
  EmailVerified: {
    summary: 'An e-mail address was verified.',
    changes: [{ field: 'emailVerified', previous: false, updated: true }],
  },
  UserJoinedOrg: { summary: 'A person joined the organization.', personal: person },
  UserProfileUpdated: { summary: 'A person was renamed.', personal: names },
};
