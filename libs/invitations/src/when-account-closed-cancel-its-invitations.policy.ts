import type { AccountEvent } from '#accounts';
import type { Policy } from '#kernel';

export const whenAccountClosedCancelItsInvitations: Policy<AccountEvent> = {
  name: 'when-account-closed-cancel-its-invitations',
  on: {
    AccountClosed: ({ data: { accountId } }) => [
      {
        command: 'CancelInvitationsOfAccount',
        fields: { accountId },
        resource: { type: 'account', id: accountId },
      },
    ],
  },
};
