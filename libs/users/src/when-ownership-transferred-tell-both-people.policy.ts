import type { Policy } from '#kernel';
import type { OrganizationEvent } from '#organizations';

/** ORG-11: what the organization has said counts at once; the two people's own streams follow it. */
export const whenOwnershipTransferredTellBothPeople: Policy<OrganizationEvent> = {
  name: 'when-ownership-transferred-tell-both-people',
  on: {
    OrganizationOwnershipTransferred: ({ data: { organizationId, ownerId, previousOwnerId } }) =>
      [ownerId, previousOwnerId].map((userId) => ({
        command: 'FollowOwnership',
        fields: { userId, organizationId },
        resource: { type: 'user', id: userId },
      })),
  },
};
