import type { FollowOn, Policy } from '#kernel';
import type { InvitationEvent } from './invitation.ts';

/**
 * InviteAccepted is the commit point; what is refused after all takes it back, or is told beside it where the rest
 * holds (rules.md 2.5).
 */
export const whenInvitationAcceptedJoinTheOrganization: Policy<InvitationEvent> = {
  name: 'when-invitation-accepted-join-the-organization',
  on: {
    InviteAccepted: ({ data, metadata }) => {
      const { userId, organizationId, invitationId, role, accountId, accounts, joinsOrganizationId } = data;
      const { givenName, familyName, absorbs } = data;
      const resource = { type: 'user', id: userId };
      const invitation = { type: 'invitation', id: invitationId };
      const reverted = { command: 'RevertAcceptance', fields: { invitationId }, resource: invitation };
      const partly = (part: string | null) => ({
        command: 'RecordRefusedPart',
        fields: { invitationId, accountId: part },
        resource: invitation,
      });
      const join = (to: string | null, as: object, otherwise: FollowOn): FollowOn => ({
        command: 'JoinOrganization',
        fields: { userId, organizationId: to, ...as, invitationId, givenName, familyName },
        resource,
        otherwise,
      });
      const merge = (candidateOrganizationId: string, otherwise: FollowOn): FollowOn => ({
        command: 'StartMerge',
        fields: { invitationId, organizationId, candidateOrganizationId, candidateOwnerId: userId, role },
        resource: { type: 'organization', id: candidateOrganizationId },
        otherwise,
      });
      const standard = { role: 'standard_user', via: 'auto_join' };
      const adopt = { command: 'AdoptPassword', fields: { userId, from: metadata.commandId }, resource };
      return [
        // Whoever is there already has given neither name nor password.
        ...(givenName === null ? [] : [adopt]),
        ...(role === null
          ? [{ command: 'ActivateInvitee', fields: { userId, givenName, familyName }, resource }]
          : [
              absorbs === null
                ? join(organizationId, { role, via: 'invitation' }, reverted)
                : merge(absorbs, reverted),
            ]),
        ...(joinsOrganizationId === null ? [] : [join(joinsOrganizationId, standard, partly(null))]),
        ...accounts.map((grant) => ({
          command: 'GrantAccountAccess',
          fields: { invitationId, userId, ...grant },
          resource: { type: 'account', id: grant.accountId },
          otherwise: accountId === null ? partly(grant.accountId) : reverted,
        })),
      ];
    },
  },
};
