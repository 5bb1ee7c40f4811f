import type { Catalogue } from '#kernel';
import type { DomainEvent } from './domain.ts';
import type { DomainSlotEvent } from './domain-slots.ts';

const status = (previous: string, updated: string) => [{ field: 'status', previous, updated }];

export const domainHistory: Catalogue<DomainEvent['type'] | DomainSlotEvent['type']> = {
  DomainAdded: { summary: 'A domain was added.' },
  VerificationMethodChanged: { summary: 'The way of proving a domain was changed.' },
  DomainVerified: { summary: 'A domain was verified.', changes: status('pending', 'verified') },
  DomainVerificationFailed: { summary: 'A check found no proof of a domain.' },
  DomainRecheckFailed: {
    summary: 'The proof of a verified domain is missing.',
    changes: status('verified', 'unvalidated'),
  },
  DomainRevalidated: { summary: 'A domain was validated again.', changes: status('unvalidated', 'verified') },
  DomainDeleted: { summary: 'A domain was deleted.' },
  DomainSlotReserved: { summary: 'A place for a domain was taken.', technical: true },
  DomainSlotReleased: { summary: 'A place for a domain was given back.', technical: true },
};
