import type { Catalogue } from '#kernel';
import type { DomainEvent } from './domain.events.ts';
import type { DomainCheckEvent } from './domain-check.ts';
import type { DomainSlotEvent } from './domain-slots.ts';

const status = (previous: string, updated: string) => [{ field: 'status', previous, updated }];

export const domainHistory: Catalogue<
  DomainEvent['type'] | DomainCheckEvent['type'] | DomainSlotEvent['type']
> = {
  DomainAdded: { summary: 'A domain was added.' },
  VerificationMethodChanged: { summary: 'The way of proving a domain was changed.' },
  DomainVerified: { summary: 'A domain was verified.', changes: status('pending', 'verified') },
  DomainVerificationFailed: { summary: 'A check found no proof of a domain.' },
  DomainRecheckFailed: {
    summary: 'The proof of a verified domain is missing.',
    changes: status('verified', 'unvalidated'),
  },
  DomainRevalidated: { summary: 'A domain was validated again.', changes: status('unvalidated', 'verified') },
  DomainVerificationExpired: {
    summary: 'A domain was not proved within 30 days.',
    changes: status('pending', 'expired'),
  },
  DomainLapseWarningSent: { summary: 'Owner and Administrators were warned that a domain will be deleted.' },
  DomainValidationLapsed: {
    summary: 'The proof of a domain was missing for more than 30 days; its managed users are removed.',
    changes: status('unvalidated', 'lapsed'),
  },
  DomainUsersRemoved: {
    summary: 'Users of a lapsed domain were removed.',
    version: 2,
    upcast: [(step) => ({ ...step, after: '' })],
  },
  DomainUsersRestoreRequested: { summary: 'The users that a lapse removed are brought back.' },
  DomainUsersRestored: { summary: 'Users that a lapse removed were brought back.' },
  DomainChecked: { summary: 'A domain was checked.', technical: true },
  DomainDeleted: { summary: 'A domain was deleted.' },
  DomainSlotReserved: { summary: 'A place for a domain was taken.', technical: true },
  DomainSlotReleased: { summary: 'A place for a domain was given back.', technical: true },
};
