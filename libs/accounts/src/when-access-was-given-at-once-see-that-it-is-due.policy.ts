import type { FollowOn, Policy } from '#kernel';
import type { AccountEvent } from './account.events.ts';

const settle = (accountId: string, userId: string): FollowOn[] => [
  {
    command: 'SettleAccountAccess',
    fields: { accountId, userId },
    resource: { type: 'account', id: accountId },
  },
];

/** INV-02: access without acceptance is for managed users; this one may have left at the same moment. */
export const whenAccessWasGivenAtOnceSeeThatItIsDue: Policy<AccountEvent> = {
  name: 'when-access-was-given-at-once-see-that-it-is-due',
  awaited: false,
  on: {
    AccountAccessGranted: ({ data: { accountId, userId, invitationId } }) =>
      invitationId === null ? settle(accountId, userId) : [],
    AccountOwnershipTransferred: ({ data: { accountId, previousOwnerId, previousOwnerRoles } }) =>
      previousOwnerRoles.length > 0 ? settle(accountId, previousOwnerId) : [],
  },
};
