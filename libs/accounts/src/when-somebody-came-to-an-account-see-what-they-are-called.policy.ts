import type { FollowOn, Policy } from '#kernel';
import type { AccountEvent, Called, NewOwner } from './account.events.ts';

const see = (accountId: string, userId: string, { email, givenName, familyName }: Called): FollowOn[] => [
  {
    command: 'TellAccountOfUser',
    fields: { accountId, userId, told: { email, givenName, familyName } },
    resource: { type: 'account', id: accountId },
  },
];

const seeOwner = ({ data: owner }: { data: { accountId: string } & NewOwner }): FollowOn[] =>
  see(owner.accountId, owner.ownerId, {
    email: owner.ownerEmail,
    givenName: owner.ownerGivenName,
    familyName: owner.ownerFamilyName,
  });

const seeUser = ({ data }: { data: { accountId: string; userId: string } & Called }): FollowOn[] =>
  see(data.accountId, data.userId, data);

/** USR-02: whoever tells the accounts of another name at the same moment may not have seen this one. */
export const whenSomebodyCameToAnAccountSeeWhatTheyAreCalled: Policy<AccountEvent> = {
  name: 'when-somebody-came-to-an-account-see-what-they-are-called',
  awaited: false,
  on: {
    AccountCreated: seeOwner,
    AccountOwnershipTransferred: seeOwner,
    AccountAccessGranted: seeUser,
    AccountAccessCarriedOver: seeUser,
  },
};
