import type { Policy } from '#kernel';
import type { UserEvent } from '#users';

/** AMB-15, ORG-07: the accounts that a person owns outside every organization come along. */
export const whenSomebodyJoinedBringTheirAccounts: Policy<UserEvent> = {
  name: 'when-somebody-joined-bring-their-accounts',
  on: {
    UserJoinedOrg: ({ data: { userId, organizationId, ownedAccountIds } }) =>
      ownedAccountIds.map((accountId) => ({
        command: 'AttachAccount',
        fields: { accountId, organizationId, from: null, cause: { type: 'owner_joined', id: userId } },
        resource: { type: 'account', id: accountId },
      })),
  },
};
