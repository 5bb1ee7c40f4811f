import type { InvitationEvent } from '#invitations';
import type { FollowOn, Policy } from '#kernel';
import type { Withdrawal } from './merge.ts';

type Sent = Extract<InvitationEvent, { type: 'InviteSent' | 'InviteResent' }>['data'];

const offered = ({ data }: { data: Sent }): FollowOn[] => {
  const { organizationId, absorbs, userId, role, invitationId, invitedBy } = data;
  return absorbs === null
    ? []
    : [
        {
          command: 'NoteMergeOffer',
          fields: {
            organizationId,
            candidateOrganizationId: absorbs,
            candidateOwnerId: userId,
            role,
            invitationId,
            requestedBy: invitedBy,
          },
          resource: { type: 'organization', id: absorbs },
        },
      ];
};

const withdrawn =
  (reason: Withdrawal) =>
  ({ data: { invitationId } }: { data: { invitationId: string } }): FollowOn[] => [
    {
      command: 'WithdrawMerge',
      fields: { invitationId, reason },
      resource: { type: 'invitation', id: invitationId },
    },
  ];

/** INV-11: the offer of a merge lives as long as its invitation. */
export const whenAnInvitationMergesKeepItsMerge: Policy<InvitationEvent> = {
  name: 'when-an-invitation-merges-keep-its-merge',
  on: {
    InviteSent: offered,
    InviteResent: offered,
    InviteDeclined: withdrawn('declined'),
    InviteCancelled: withdrawn('cancelled'),
    InviteExpired: withdrawn('expired'),
    InviteAcceptanceReverted: withdrawn('reverted'),
  },
};
