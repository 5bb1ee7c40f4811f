import type { Policy } from '#kernel';
import type { AccountEvent } from './account.events.ts';

/** ACC-01: an account whose Owner left is independent; people of the organization may still have access to it. */
export const whenAccountDetachedShowItToWhoIsLeft: Policy<AccountEvent> = {
  name: 'when-account-detached-show-it-to-who-is-left',
  on: {
    AccountDetached: ({ data: { accountId, organizationId, ownerId, userIds, cause } }) =>
      organizationId !== null && userIds.length > 1
        ? [
            {
              command: 'ShareAccount',
              fields: { accountId, organizationId, ownerId, cause },
              resource: { type: 'account', id: accountId },
            },
          ]
        : [],
  },
};
