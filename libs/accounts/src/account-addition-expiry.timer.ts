import { calledOff, type Timer } from '#kernel';
import type { AccountAdditionEvent } from './account-addition.ts';
import { sharedKey } from './accounts.projection.ts';

const answered = ({ data: { additionId } }: { data: { additionId: string } }) => calledOff(additionId);

/** An owner who does not answer has said no. */
export const accountAdditionExpiry: Timer<AccountAdditionEvent> = {
  kind: 'account_addition_expiry',
  version: 2,
  command: 'ExpireAccountAddition',
  named: {
    projection: 'accounts',
    field: 'name',
    key: (accountId, organizationId) => sharedKey(organizationId, accountId),
  },
  on: {
    AccountAdditionRequested: ({ data: { additionId, accountId, organizationId, expiresAt } }) => ({
      key: additionId,
      dueAt: expiresAt,
      organizationId,
      subject: { type: 'account', id: accountId },
      fields: { additionId },
      affects: { users: 1 },
    }),
    AccountAdditionConfirmed: answered,
    AccountAdditionDeclined: answered,
    AccountAdditionExpired: answered,
    AccountAdditionWithdrawn: answered,
  },
};
