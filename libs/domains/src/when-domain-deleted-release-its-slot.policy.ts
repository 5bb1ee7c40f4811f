import type { FollowOn, Policy } from '#kernel';
import type { DomainEvent, Named } from './domain.events.ts';

const release = ({ data: { organizationId, domainId } }: { readonly data: Named }): FollowOn[] => [
  {
    command: 'ReleaseDomainSlot',
    fields: { organizationId, domainId },
    resource: { type: 'domain', id: domainId },
  },
];

/** Also of one that nobody proved: its name can be added again. */
export const whenDomainDeletedReleaseItsSlot: Policy<DomainEvent> = {
  name: 'when-domain-deleted-release-its-slot',
  on: { DomainDeleted: release, DomainVerificationExpired: release },
};
