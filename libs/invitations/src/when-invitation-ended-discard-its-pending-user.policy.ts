import type { FollowOn, Policy } from '#kernel';
import type { InvitationEvent } from './invitation.ts';

const close = ({
  data: { userId, invitationId },
}: {
  data: { userId: string; invitationId: string };
}): FollowOn[] => [
  { command: 'CloseInvitation', fields: { userId, invitationId }, resource: { type: 'user', id: userId } },
];

/** AMB-03: the record of somebody who never came goes with the last invitation to them. */
export const whenInvitationEndedDiscardItsPendingUser: Policy<InvitationEvent> = {
  name: 'when-invitation-ended-discard-its-pending-user',
  on: {
    InviteDeclined: close,
    InviteCancelled: close,
    InviteExpired: close,
    InviteAcceptanceReverted: close,
  },
};
