import { daysAfter } from '#kernel';
import type { DomainEvent, Named, Observation } from './domain.events.ts';
import type { LivingDomain } from './domain.ts';

/** DOM-13, DOM-15: how long the proof may be missing. */
export const GRACE_DAYS = 30;
/** AMB-11. */
export const PENDING_DAYS = 30;
export const WARNING_DAYS: readonly number[] = [1, 15, 25, 29];

export type WatchCommand =
  | { type: 'VerifyDomain'; observation: Observation }
  | { type: 'RecheckDomain'; observation: Observation }
  | { type: 'RemindUnvalidatedDomain' }
  | {
      type: 'LapseDomain';
      /** The last look, made for this decision. */
      observation: Observation;
      affectedUsers: number;
      exemptOwnerId: string | null;
    }
  | { type: 'ExpirePendingDomain' };

const nameOf = ({ domainId, organizationId, domain }: Named): Named => ({ domainId, organizationId, domain });

export const watched = (command: WatchCommand, state: LivingDomain, now: string): readonly DomainEvent[] => {
  switch (command.type) {
    case 'VerifyDomain':
      return checked(command.observation, state, now, 'asked');
    case 'RecheckDomain':
      return checked(command.observation, state, now, 'by itself');
    case 'RemindUnvalidatedDomain':
      return warned(state, now);
    case 'LapseDomain':
      return lapsed(command, state, now);
    case 'ExpirePendingDomain':
      return state.status === 'pending' && now > daysAfter(state.addedAt, PENDING_DAYS)
        ? [
            {
              type: 'DomainVerificationExpired',
              data: { ...nameOf(state), addedAt: state.addedAt, expiredAt: now },
            },
          ]
        : [];
  }
};

/** DOM-10…DOM-13: what a check means depends on whether ownership was proved before. */
const checked = (
  { outcome, reason, observed }: Observation,
  state: LivingDomain,
  now: string,
  why: 'asked' | 'by itself',
): readonly DomainEvent[] => {
  const named = nameOf(state);
  switch (state.status) {
    case 'pending':
      if (outcome === 'found')
        return [
          {
            type: 'DomainVerified',
            data: { ...named, method: state.method, evidence: observed[0] ?? reason, verifiedAt: now },
          },
        ];
      return why === 'asked'
        ? [
            {
              type: 'DomainVerificationFailed',
              data: { ...named, outcome, reason, observed, checkedAt: now },
            },
          ]
        : [];
    case 'verified':
      return outcome === 'missing'
        ? [{ type: 'DomainRecheckFailed', data: { ...named, unvalidatedSince: now, reason, observed } }]
        : [];
    case 'unvalidated':
      return outcome === 'found'
        ? [
            {
              type: 'DomainRevalidated',
              data: { ...named, unvalidatedSince: state.unvalidatedSince, revalidatedAt: now },
            },
          ]
        : [];
  }
};

/** One mail for the newest day that has come, however many were slept through. */
const warned = (state: LivingDomain, now: string): readonly DomainEvent[] => {
  if (state.status !== 'unvalidated') return [];
  const { unvalidatedSince, warnedDay } = state;
  const day = WARNING_DAYS.findLast((one) => now >= daysAfter(unvalidatedSince, one));
  if (day === undefined || day <= warnedDay) return [];
  const deletionDueAt = daysAfter(unvalidatedSince, GRACE_DAYS);
  return [
    {
      type: 'DomainLapseWarningSent',
      data: { ...nameOf(state), unvalidatedSince, day, deletionDueAt, warnedAt: now },
    },
  ];
};

/** AMB-07: strictly later than 30 × 24 h, and only when this very look finds the proof missing. */
const lapsed = (
  { observation, affectedUsers, exemptOwnerId }: Extract<WatchCommand, { type: 'LapseDomain' }>,
  state: LivingDomain,
  now: string,
): readonly DomainEvent[] => {
  if (state.status !== 'unvalidated' || now <= daysAfter(state.unvalidatedSince, GRACE_DAYS)) return [];
  if (observation.outcome !== 'missing') return checked(observation, state, now, 'by itself');
  const named = nameOf(state);
  const { unvalidatedSince } = state;
  const { reason, observed } = observation;
  return [
    {
      type: 'DomainValidationLapsed',
      data: { ...named, unvalidatedSince, reason, observed, affectedUsers, exemptOwnerId, lapsedAt: now },
    },
    { type: 'DomainDeleted', data: { ...named, reason: 'lapse', acknowledgements: [] } },
  ];
};
