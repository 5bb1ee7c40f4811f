import type { FollowOn, Policy } from '#kernel';
import type { UserEvent } from '#users';

/** USR-08, USR-09, AMB-06, AMB-24: what becomes of the accounts of somebody who left the organization. */
export const whenSomebodyLeftTheOrganizationPartWithTheirAccounts: Policy<UserEvent> = {
  name: 'when-somebody-left-the-organization-part-with-their-accounts',
  on: {
    UserRemovedFromOrg: ({ data: { userId, organizationId, reason, accountOwners, accountIds } }) => {
      // MRG-06: accounts and access come along.
      if (reason === 'merge') return [];
      const cause = { type: 'user_removed_from_organization', id: userId };
      const on = (accountId: string) => ({ type: 'account', id: accountId });
      return [
        ...Object.entries(accountOwners).map(
          ([accountId, newOwnerId]): FollowOn =>
            newOwnerId === userId
              ? {
                  command: 'DetachAccount',
                  fields: { accountId, organizationId, ownerId: userId, cause },
                  resource: on(accountId),
                }
              : {
                  command: 'TransferAccountOwnership',
                  fields: { accountId, organizationId, from: userId, newOwnerId, cause },
                  resource: on(accountId),
                },
        ),
        ...accountIds
          .filter((accountId) => !(accountId in accountOwners))
          .map((accountId) => ({
            command: 'RevokeAccountAccess',
            fields: { accountId, organizationId, userId, cause },
            resource: on(accountId),
          })),
        {
          command: 'SettleRemovedUser',
          fields: { organizationId, userId },
          resource: { type: 'user', id: userId },
        },
      ];
    },
    UserDeleted: ({ data: { userId } }) => [
      {
        command: 'SettleRemovedUser',
        fields: { organizationId: null, userId },
        resource: { type: 'user', id: userId },
      },
    ],
  },
};
