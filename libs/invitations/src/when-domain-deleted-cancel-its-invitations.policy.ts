import type { DomainEvent } from '#domains';
import type { Policy } from '#kernel';

export const whenDomainDeletedCancelItsInvitations: Policy<DomainEvent> = {
  name: 'when-domain-deleted-cancel-its-invitations',
  on: {
    DomainDeleted: ({ data: { organizationId, domainId, domain } }) => [
      {
        command: 'CancelInvitationsOfDomain',
        fields: { organizationId, domain },
        resource: { type: 'domain', id: domainId },
      },
    ],
  },
};
