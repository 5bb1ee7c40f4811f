import type { Policy } from '#kernel';
import type { AccountEvent } from './account.ts';

/** INV-02: access without acceptance is for managed users; this one may have left at the same moment. */
export const whenAccessWasGivenAtOnceSeeThatItIsDue: Policy<AccountEvent> = {
  name: 'when-access-was-given-at-once-see-that-it-is-due',
  awaited: false,
  on: {
    AccountAccessGranted: ({ data: { accountId, userId, invitationId } }) =>
      invitationId === null
        ? [
            {
              command: 'SettleAccountAccess',
              fields: { accountId, userId },
              resource: { type: 'account', id: accountId },
            },
          ]
        : [],
  },
};
