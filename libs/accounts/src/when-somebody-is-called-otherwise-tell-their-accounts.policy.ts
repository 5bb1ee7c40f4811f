import type { FollowOn, Policy } from '#kernel';
import type { UserEvent } from '#users';

const tell = ({ data: { userId } }: { data: { userId: string } }): FollowOn[] => [
  { command: 'TellAccountsOfUser', fields: { userId }, resource: { type: 'user', id: userId } },
];

/** USR-02: other organizations know somebody by their access to an account, and the account by what it was told. */
export const whenSomebodyIsCalledOtherwiseTellTheirAccounts: Policy<UserEvent> = {
  name: 'when-somebody-is-called-otherwise-tell-their-accounts',
  on: { UserProfileUpdated: tell, UserEmailChanged: tell },
};
