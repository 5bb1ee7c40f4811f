import type { Policy } from '#kernel';
import type { InvitationEvent } from './invitation.ts';

/** DOM-15, DOM-16: they hold a link that works no more. */
export const whenADomainTookAnInvitationAlongTellTheInvitee: Policy<InvitationEvent> = {
  name: 'when-a-domain-took-an-invitation-along-tell-the-invitee',
  awaited: false,
  on: {
    InviteCancelled: ({ id, stream, data: { invitationId, reason } }) =>
      reason === 'domain_deleted'
        ? [
            {
              command: 'QueueMail',
              fields: { mailId: id, kind: 'invitation_withdrawn', stream, eventId: id, references: {} },
              resource: { type: 'invitation', id: invitationId },
            },
          ]
        : [],
  },
};
