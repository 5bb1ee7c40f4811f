import type { Policy } from '#kernel';
import type { AccountEvent } from './account.events.ts';

/** ACC-09: `pending_closure`, then `closed`. */
export const whenAccountClosureRequestedFinishIt: Policy<AccountEvent> = {
  name: 'when-account-closure-requested-finish-it',
  on: {
    AccountClosureRequested: ({ data: { accountId } }) => [
      { command: 'FinishClosure', fields: { accountId }, resource: { type: 'account', id: accountId } },
    ],
  },
};
