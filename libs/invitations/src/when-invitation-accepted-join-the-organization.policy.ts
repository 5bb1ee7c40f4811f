import type { Policy } from '#kernel';
import type { InvitationEvent } from './invitation.ts';

/** InviteAccepted is the commit point; a join that is refused after all takes it back (rules.md 2.5). */
export const whenInvitationAcceptedJoinTheOrganization: Policy<InvitationEvent> = {
  name: 'when-invitation-accepted-join-the-organization',
  on: {
    InviteAccepted: ({
      data: { userId, organizationId, invitationId, role, givenName, familyName },
      metadata,
    }) => {
      const resource = { type: 'user', id: userId };
      return [
        { command: 'AdoptPassword', fields: { userId, from: metadata.commandId }, resource },
        {
          command: 'JoinOrganization',
          fields: { userId, organizationId, role, via: 'invitation', invitationId, givenName, familyName },
          resource,
          otherwise: {
            command: 'RevertAcceptance',
            fields: { invitationId },
            resource: { type: 'invitation', id: invitationId },
          },
        },
      ];
    },
  },
};
