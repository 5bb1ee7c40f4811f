import type { AssignableRole, Decision } from '#kernel';
import type { UserEvent } from './user.events.ts';
import type { Living } from './user.ts';

/** MRG-04: the organization of a person is absorbed, and they with it. */
export interface MoveCommand {
  readonly type: 'MoveToOrganization';
  readonly from: string;
  readonly organizationId: string;
  readonly role: AssignableRole;
  readonly mergeId: string;
  /** True of who accepted by a link that was mailed to them. */
  readonly provesAddress: boolean;
}

/** One append, so that nobody is ever in no organization or in two (ORG-06, P17); what holds for them goes along. */
export const moved = (command: MoveCommand, state: Living, now: string): Decision<UserEvent> => {
  const { userId, email, domain, givenName, familyName, membership, status, twoFactorRequired } = state;
  const { from, organizationId, role, mergeId, provesAddress } = command;
  if (membership?.organizationId !== from) return [];
  const called = { userId, email, domain, givenName, familyName };
  const member = { userId, organizationId };
  const events: UserEvent[] = [
    {
      type: 'UserRemovedFromOrg',
      data: {
        ...called,
        organizationId: from,
        role: membership.role,
        reason: 'merge',
        cause: { type: 'merge', id: mergeId },
        acknowledgements: [],
        accountOwners: {},
        accountIds: [],
        removedAt: now,
      },
    },
    {
      type: 'UserJoinedOrg',
      data: {
        ...called,
        organizationId,
        role,
        via: 'merge',
        invitationId: null,
        joinedAt: now,
        emailVerified: state.emailVerified || provesAddress,
        ownedAccountIds: state.keptAccounts,
      },
    },
  ];
  if (provesAddress && !state.emailVerified)
    events.push({ type: 'EmailVerified', data: { userId, via: 'invitation_link', joins: null } });
  if (twoFactorRequired)
    events.push({
      type: 'TwoFactorRequirementChanged',
      data: { ...member, required: true, previousRequired: false },
    });
  if (status === 'deactivated') events.push({ type: 'UserDeactivated', data: member });
  return events;
};
