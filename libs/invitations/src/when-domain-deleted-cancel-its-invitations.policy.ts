import type { DomainEvent } from '#domains';
import type { Policy } from '#kernel';

export const whenDomainDeletedCancelItsInvitations: Policy<DomainEvent> = {
  name: 'when-domain-deleted-cancel-its-invitations',
  on: {
    DomainDeleted: ({ data: { organizationId, domainId, domain }, metadata }) => [
      {
        command: 'CancelInvitationsOfDomain',
        fields: { organizationId, domain, before: metadata.occurredAt },
        resource: { type: 'domain', id: domainId },
      },
    ],
  },
};
