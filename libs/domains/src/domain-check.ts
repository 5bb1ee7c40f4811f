import { type Decider, daysAfter, type Event, laterBy } from '#kernel';

/**
 * Looks at a domain, most of which change nothing, on a stream beside its history. Each says when the next look is: a
 * day after this one was due, or soon when nothing could be told (AMB-10).
 */
export type DomainCheckEvent = Event<
  'DomainChecked',
  {
    domainId: string;
    organizationId: string;
    domain: string;
    outcome: 'found' | 'missing' | 'inconclusive';
    reason: string;
    checkedAt: string;
    nextCheckAt: string;
    /** A lapse was due, but nothing could be told: when it is tried again. */
    lapseDueAt: string | null;
  }
>;

export interface DomainChecks {
  readonly organizationId: string | null;
  /** Looks in a row that could tell nothing. */
  readonly doubts: number;
}

export interface RecordDomainCheck {
  type: 'RecordDomainCheck';
  domainId: string;
  organizationId: string;
  domain: string;
  outcome: 'found' | 'missing' | 'inconclusive';
  reason: string;
  /** When this look was due; null: somebody asked for it. */
  dueAt: string | null;
  /** True: it was to decide a lapse. */
  lapses: boolean;
}

const HOUR_MS = 3_600_000;
/** Three months of daily looks. By number, not by age: the newest one is needed however long nobody looked. */
const KEPT = 90;
const LONGEST_DOUBT_HOURS = 24;

export const domainChecks: Decider<DomainChecks, RecordDomainCheck, DomainCheckEvent> = {
  category: 'domainCheck',
  keeps: KEPT,
  initial: { organizationId: null, doubts: 0 },
  evolve: ({ doubts }, { data: { organizationId, outcome } }) => ({
    organizationId,
    doubts: outcome === 'inconclusive' ? doubts + 1 : 0,
  }),
  organizationOf: ({ organizationId }) => organizationId,
  decide: ({ domainId, organizationId, domain, outcome, reason, dueAt, lapses }, { doubts }, { now }) => {
    const inDoubt = outcome === 'inconclusive';
    const nextCheckAt = inDoubt
      ? laterBy(now, Math.min(LONGEST_DOUBT_HOURS, 2 ** doubts) * HOUR_MS)
      : dayAfter(dueAt, now);
    return [
      {
        type: 'DomainChecked',
        data: {
          domainId,
          organizationId,
          domain,
          outcome,
          reason,
          checkedAt: now,
          nextCheckAt,
          lapseDueAt: lapses && inDoubt ? laterBy(nextCheckAt, 1) : null,
        },
      },
    ];
  },
};

/** Due times do not drift with the time that looking takes; what was slept through is not made up for. */
const dayAfter = (dueAt: string | null, now: string): string => {
  const due = dueAt === null ? now : daysAfter(dueAt, 1);
  return due > now ? due : daysAfter(now, 1);
};
