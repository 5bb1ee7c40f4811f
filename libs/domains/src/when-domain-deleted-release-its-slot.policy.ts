import type { Policy } from '#kernel';
import type { DomainEvent } from './domain.ts';

export const whenDomainDeletedReleaseItsSlot: Policy<DomainEvent> = {
  name: 'when-domain-deleted-release-its-slot',
  on: {
    DomainDeleted: ({ data: { organizationId, domainId } }) => [
      {
        command: 'ReleaseDomainSlot',
        fields: { organizationId, domainId },
        resource: { type: 'domain', id: domainId },
      },
    ],
  },
};
