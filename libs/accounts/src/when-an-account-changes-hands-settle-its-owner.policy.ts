import type { FollowOn, Policy } from '#kernel';
import type { AccountEvent } from './account.events.ts';

const settle = ({ data: { accountId } }: { data: { accountId: string } }): FollowOn[] => [
  { command: 'SettleAccountOwner', fields: { accountId }, resource: { type: 'account', id: accountId } },
];

/** Invariant 3: the new owner may have left the organization, or joined one, at the same moment. */
export const whenAnAccountChangesHandsSettleItsOwner: Policy<AccountEvent> = {
  name: 'when-an-account-changes-hands-settle-its-owner',
  awaited: false,
  on: {
    AccountCreated: settle,
    AccountAttached: settle,
    AccountDetached: settle,
    AccountOwnershipTransferred: settle,
  },
};
