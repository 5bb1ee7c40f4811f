import type { Catalogue } from '#kernel';
import type { InvitationEvent } from './invitation.ts';
import type { DeliveryEvent } from './invitation-delivery.ts';

const status = (previous: string, updated: string) => [{ field: 'status', previous, updated }];

export const invitationHistory: Catalogue<InvitationEvent['type'] | DeliveryEvent['type']> = {
  InviteSent: { summary: 'An invitation was sent.', personal: { email: 'userId' } },
  InviteResent: {
    summary: 'An invitation was sent again; earlier links no longer work.',
    personal: { email: 'userId' },
  },
  InviteAccepted: {
    summary: 'An invitation was accepted.',
    personal: { givenName: 'userId', familyName: 'userId' },
    changes: status('pending', 'accepted'),
  },
  InviteAcceptanceReverted: {
    summary: 'An accepted invitation could not take effect.',
    changes: status('accepted', 'reverted'),
  },
  InviteDeclined: { summary: 'An invitation was declined.', changes: status('pending', 'declined') },
  InviteCancelled: { summary: 'An invitation was cancelled.', changes: status('pending', 'cancelled') },
  InviteExpired: { summary: 'An invitation expired.', changes: status('pending', 'expired') },
  InvitationMailReported: { summary: 'The delivery of an invitation was reported.', technical: true },
};
