import type { FollowOn, Policy } from '#kernel';
import type { DomainEvent, Named } from './domain.events.ts';

const tell =
  (kind: string) =>
  (event: { readonly id: string; readonly stream: string; readonly data: Named }): FollowOn[] => [
    {
      command: 'QueueMailToManagers',
      fields: {
        organizationId: event.data.organizationId,
        mailId: event.id,
        kind,
        stream: event.stream,
        eventId: event.id,
        references: { day: 'day' in event.data ? Number(event.data.day) : 0 },
      },
      resource: { type: 'organization', id: event.data.organizationId },
    },
  ];

/** DOM-13, DOM-15: Owner and Administrators hear of it before, and when it has happened. */
export const whenDomainLapsesTellTheManagers: Policy<DomainEvent> = {
  name: 'when-domain-lapses-tell-the-managers',
  awaited: false,
  on: {
    DomainLapseWarningSent: tell('domain_warning'),
    DomainValidationLapsed: tell('domain_lapsed'),
    DomainVerificationExpired: tell('domain_expired'),
  },
};
