import { calledOff, type Due, daysAfter, laterBy, type Timer } from '#kernel';
import type { DomainEvent } from './domain.events.ts';
import { GRACE_DAYS, PENDING_DAYS, WARNING_DAYS } from './domain.watch.ts';
import type { DomainCheckEvent } from './domain-check.ts';

interface About {
  readonly data: { readonly domainId: string; readonly organizationId: string };
}
interface Timed extends About {
  readonly metadata: { readonly occurredAt: string };
}

const due = (
  { data: { domainId, organizationId } }: About,
  dueAt: string,
  affects: Due['affects'] = { users: 0 },
  more: object = {},
): Due => ({
  key: domainId,
  dueAt,
  organizationId,
  subject: { type: 'domain', id: domainId },
  fields: { domainId, organizationId, ...more },
  affects,
});
const over = ({ data }: About) => calledOff(data.domainId);
const named = { projection: 'domains', field: 'domain' } as const;

const checkedAgainAt = (event: About, dueAt: string): Due => due(event, dueAt, { users: 0 }, { dueAt });
const checkedTomorrow = (event: Timed): Due => checkedAgainAt(event, daysAfter(event.metadata.occurredAt, 1));

/** DOM-12. */
export const domainRecheck: Timer<DomainEvent | DomainCheckEvent> = {
  kind: 'domain_recheck',
  version: 1,
  command: 'RecheckDomain',
  named,
  on: {
    DomainAdded: checkedTomorrow,
    DomainVerified: checkedTomorrow,
    DomainVerificationFailed: checkedTomorrow,
    DomainRecheckFailed: checkedTomorrow,
    DomainRevalidated: checkedTomorrow,
    DomainChecked: (event) => checkedAgainAt(event, event.data.nextCheckAt),
    DomainVerificationExpired: over,
    DomainDeleted: over,
  },
};

/** DOM-13: on these days Owner and Administrators are told. */
export const domainWarning: Timer<DomainEvent> = {
  kind: 'domain_warning',
  version: 1,
  command: 'RemindUnvalidatedDomain',
  named,
  on: {
    DomainRecheckFailed: (event) => warnedOn(event, WARNING_DAYS[0]),
    DomainLapseWarningSent: (event) =>
      warnedOn(
        event,
        WARNING_DAYS.find((day) => day > event.data.day),
      ),
    DomainRevalidated: over,
    DomainDeleted: over,
  },
};

const warnedOn = (
  event: About & { readonly data: { readonly unvalidatedSince: string } },
  day: number | undefined,
) => (day === undefined ? over(event) : due(event, daysAfter(event.data.unvalidatedSince, day)));

/** DOM-15, AMB-07: strictly later than 30 × 24 h. */
export const domainLapse: Timer<DomainEvent | DomainCheckEvent> = {
  kind: 'domain_lapse',
  version: 1,
  command: 'LapseDomain',
  named,
  on: {
    DomainRecheckFailed: (event) =>
      due(event, laterBy(daysAfter(event.data.unvalidatedSince, GRACE_DAYS), 1), {
        managedUsersOf: event.data.domain,
      }),
    DomainChecked: (event) =>
      event.data.lapseDueAt === null
        ? []
        : due(event, event.data.lapseDueAt, { managedUsersOf: event.data.domain }),
    DomainRevalidated: over,
    DomainDeleted: over,
  },
};

/** AMB-11. */
export const domainExpiry: Timer<DomainEvent> = {
  kind: 'domain_expiry',
  version: 1,
  command: 'ExpirePendingDomain',
  named,
  on: {
    DomainAdded: (event) => due(event, laterBy(daysAfter(event.data.addedAt, PENDING_DAYS), 1)),
    DomainVerified: over,
    DomainVerificationExpired: over,
    DomainDeleted: over,
  },
};

/** What a lapse began; each step says whether there is another one. */
export const domainRemoval: Timer<DomainEvent> = {
  kind: 'domain_users_removal',
  version: 2,
  command: 'RemoveLapsedUsers',
  named,
  announced: false,
  on: {
    DomainValidationLapsed: (event) =>
      removedFrom(event, event.data.lapsedAt, {
        lapseId: event.id,
        after: '',
        remaining: event.data.affectedUsers,
      }),
    DomainUsersRemoved: (event) => {
      const { nextStepAt, lapseId, after, remaining } = event.data;
      return nextStepAt === null
        ? over(event)
        : removedFrom(event, nextStepAt, { lapseId, after, remaining });
    },
  },
};

const removedFrom = (
  event: About & { readonly data: { readonly domain: string } },
  dueAt: string,
  step: { readonly lapseId: string; readonly after: string; readonly remaining: number },
) => due(event, dueAt, { managedUsersOf: event.data.domain }, step);

export const domainRestore: Timer<DomainEvent> = {
  kind: 'domain_users_restore',
  version: 1,
  command: 'BringUsersBack',
  named,
  announced: false,
  on: {
    DomainUsersRestoreRequested: (event) => due(event, event.data.requestedAt, { users: 0 }, { after: '' }),
    DomainUsersRestored: (event) =>
      event.data.next === null
        ? over(event)
        : due(event, event.metadata.occurredAt, { users: 0 }, { after: event.data.next }),
    DomainDeleted: over,
  },
};
