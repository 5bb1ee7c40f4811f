import type { FollowOn, Policy } from '#kernel';
import type { AccountAdditionEvent } from './account-addition.ts';

/** ACC-06, AMB-26: the confirmation is the commit point; a joining that is refused after all takes it back. */
export const whenAccountAdditionConfirmedBringItIn: Policy<AccountAdditionEvent> = {
  name: 'when-account-addition-confirmed-bring-it-in',
  on: {
    AccountAdditionConfirmed: ({ data: { additionId, accountId, organizationId, kind, ownerId } }) => {
      const cause = { type: 'account_addition', id: additionId };
      const resource = { type: 'account', id: accountId };
      const otherwise: FollowOn = {
        command: 'RevertAccountAddition',
        fields: { additionId },
        resource: { type: 'account_addition', id: additionId },
      };
      const share = {
        command: 'ShareAccount',
        fields: { accountId, organizationId, ownerId, cause },
        resource,
        otherwise,
      };
      const join = {
        command: 'JoinOrganization',
        fields: {
          userId: ownerId,
          organizationId,
          role: 'standard_user',
          via: 'account_addition',
          invitationId: null,
        },
        resource: { type: 'user', id: ownerId },
        otherwise,
      };
      const attach = {
        command: 'AttachAccount',
        fields: { accountId, organizationId, from: null, cause },
        resource,
      };
      return kind === 'independent' ? [share] : [join, attach];
    },
  },
};
