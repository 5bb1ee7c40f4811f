import { describe, expect, it } from '@jest/globals';
import { daysAfter, laterBy, specify } from '#kernel';
import type { DomainEvent, Observation } from './domain.events.ts';
import { domain } from './domain.ts';

const { given } = specify(domain);
const since = '2026-03-01T10:00:00.000Z';
const day = (days: number, milliseconds = 0) => laterBy(daysAfter(since, days), milliseconds);

const named = { domainId: 'dom_1', organizationId: 'org_1', domain: 'corporate.example' };
const added: DomainEvent = {
  type: 'DomainAdded',
  data: { ...named, method: 'dns_txt', token: 'f'.repeat(32), skeleton: 's', addedAt: since },
};
const verified: DomainEvent = {
  type: 'DomainVerified',
  data: { ...named, method: 'dns_txt', evidence: 'the record', verifiedAt: since },
};
const missed: DomainEvent = {
  type: 'DomainRecheckFailed',
  data: { ...named, unvalidatedSince: since, reason: 'no_record', observed: [] },
};
const revalidated: DomainEvent = {
  type: 'DomainRevalidated',
  data: { ...named, unvalidatedSince: since, revalidatedAt: day(31) },
};
const warned = (n: number, warnedAt = day(n)): DomainEvent => ({
  type: 'DomainLapseWarningSent',
  data: { ...named, unvalidatedSince: since, day: n, deletionDueAt: day(30), warnedAt },
});
const lapsed: DomainEvent = {
  type: 'DomainValidationLapsed',
  data: {
    ...named,
    unvalidatedSince: since,
    reason: 'nxdomain',
    observed: ['nothing'],
    affectedUsers: 12,
    exemptOwnerId: 'usr_owner',
    lapsedAt: day(30, 1),
  },
};
const deleted: DomainEvent = {
  type: 'DomainDeleted',
  data: { ...named, reason: 'lapse', acknowledgements: [] },
};
const expired: DomainEvent = {
  type: 'DomainVerificationExpired',
  data: { ...named, addedAt: since, expiredAt: day(30, 1) },
};

const found: Observation = { outcome: 'found', reason: 'found', observed: ['the record'] };
const missing: Observation = { outcome: 'missing', reason: 'nxdomain', observed: ['nothing'] };
const inconclusive: Observation = { outcome: 'inconclusive', reason: 'servfail', observed: [] };
const recheck = (observation: Observation) => ({ type: 'RecheckDomain' as const, observation });
const lapse = (observation: Observation) => ({
  type: 'LapseDomain' as const,
  observation,
  affectedUsers: 12,
  exemptOwnerId: 'usr_owner',
});
const remind = { type: 'RemindUnvalidatedDomain' as const };

describe('what daily checks make of a domain', () => {
  it('DOM-12: a pending domain whose token appears is verified without anybody asking', () => {
    given(added)
      .when(recheck(found), { now: day(1) })
      .then({ ...verified, data: { ...verified.data, verifiedAt: day(1) } } as DomainEvent);
  });

  it.each([
    ['a pending domain that is still missing', [added], missing],
    ['a pending domain in doubt', [added], inconclusive],
    ['a verified domain whose token is there', [added, verified], found],
    ['a verified domain in doubt (AMB-10)', [added, verified], inconclusive],
    ['an unvalidated domain that is still missing', [added, verified, missed], missing],
    ['an unvalidated domain in doubt (AMB-10)', [added, verified, missed], inconclusive],
    ['a deleted domain', [added, verified, missed, lapsed, deleted], found],
    ['an expired domain', [added, expired], found],
  ])('DOM-12: the history does not grow by %s', (_case, past, observation) => {
    given(...past)
      .when(recheck(observation), { now: day(2) })
      .thenNothing();
  });

  it('DOM-13, AMB-07: the first miss starts the clock', () => {
    given(added, verified)
      .when(recheck(missing), { now: since })
      .then({
        ...missed,
        data: { ...missed.data, reason: 'nxdomain', observed: ['nothing'] },
      } as DomainEvent);
  });

  it('DOM-13: the token found again stops the clock', () => {
    given(added, verified, missed)
      .when(recheck(found), { now: day(31) })
      .then(revalidated);
  });
});

describe('warnings before a lapse', () => {
  it.each([1, 15, 25, 29])('DOM-13: day %i is told of once', (n) => {
    const before = [1, 15, 25, 29].filter((other) => other < n).map((other) => warned(other));
    given(added, verified, missed, ...before)
      .when(remind, { now: day(n) })
      .then(warned(n));
    given(added, verified, missed, ...before, warned(n))
      .when(remind, { now: day(n, 1) })
      .thenNothing();
    given(added, verified, missed, ...before)
      .when(remind, { now: day(n, -1) })
      .thenNothing();
  });

  it('DOM-13: whoever slept through several days warns once, for the newest', () => {
    given(added, verified, missed)
      .when(remind, { now: day(26) })
      .then(warned(25, day(26)));
  });

  it('DOM-13: a new clock warns from its first day on; a validated domain not at all', () => {
    given(added, verified, missed, warned(1), warned(15), revalidated)
      .when(remind, { now: day(40) })
      .thenNothing();
    const again = { ...missed, data: { ...missed.data, unvalidatedSince: day(40) } } as DomainEvent;
    expect(
      given(added, verified, missed, warned(1), warned(15), revalidated, again).when(remind, {
        now: day(41),
      }).decision,
    ).toMatchObject([{ data: { day: 1, unvalidatedSince: day(40), deletionDueAt: day(70) } }]);
  });
});

describe('a lapse', () => {
  it('DOM-15, AMB-07: comes strictly later than 30 × 24 hours, with what was seen and whom it hits', () => {
    given(added, verified, missed)
      .when(lapse(missing), { now: day(30, 1) })
      .then(lapsed, deleted);
    given(added, verified, missed)
      .when(lapse(missing), { now: day(30) })
      .thenNothing();
  });

  it('DOM-15: a leap day is a day like every other', () => {
    const leap = '2028-02-10T00:00:00.000Z';
    const before = { ...missed, data: { ...missed.data, unvalidatedSince: leap } } as DomainEvent;
    given(added, verified, before).when(lapse(missing), { now: '2028-03-11T00:00:00.000Z' }).thenNothing();
    expect(
      given(added, verified, before).when(lapse(missing), { now: '2028-03-11T00:00:00.001Z' }).decision,
    ).toHaveLength(2);
  });

  it('DOM-15: the last look decides: found again, the domain is validated instead', () => {
    given(added, verified, missed)
      .when(lapse(found), { now: day(31) })
      .then(revalidated);
  });

  it('AMB-10: a last look that can tell nothing ends nothing', () => {
    given(added, verified, missed)
      .when(lapse(inconclusive), { now: day(31) })
      .thenNothing();
  });

  it.each([
    ['validated meanwhile', [added, verified, missed, revalidated]],
    ['deleted by hand meanwhile', [added, verified, missed, deleted]],
  ])('DOM-15: nothing lapses that was %s', (_case, past) => {
    given(...past)
      .when(lapse(missing), { now: day(35) })
      .thenNothing();
  });

  it('DOM-15: each step of the removal says how much is left; after the last there is none', () => {
    const gone = [added, verified, missed, lapsed, deleted];
    const step = (remaining: number, nextStepAt: string | null): DomainEvent => ({
      type: 'DomainUsersRemoved',
      data: { ...named, lapseId: 'event-9', remaining, after: 'usr_7', nextStepAt },
    });
    const note = (remaining: number, hindered = false) => ({
      type: 'NoteRemoval' as const,
      lapseId: 'event-9',
      remaining,
      after: 'usr_7',
      hindered,
    });
    const now = day(30, 5);
    given(...gone)
      .when(note(4), { now })
      .then(step(4, now));
    given(...gone)
      .when(note(1, true), { now })
      .then(step(1, laterBy(now, 300_000)));
    given(...gone)
      .when(note(0), { now })
      .then(step(0, null));
    given(...gone, step(0, null))
      .when(note(0), { now })
      .thenNothing();
    given(added, verified).when(note(0), { now }).thenNothing();
  });
});

describe('a domain that nobody proves', () => {
  it('AMB-11: expires strictly later than 30 days, and is kept for reading', () => {
    given(added)
      .when({ type: 'ExpirePendingDomain' }, { now: day(30, 1) })
      .then(expired);
    given(added)
      .when({ type: 'ExpirePendingDomain' }, { now: day(30) })
      .thenNothing();
    expect(given(added, expired).state()).toMatchObject({ status: 'expired', ...named });
  });

  it('AMB-11: one that was verified does not', () => {
    for (const past of [
      [added, verified],
      [added, verified, missed],
    ])
      given(...past)
        .when({ type: 'ExpirePendingDomain' }, { now: day(31) })
        .thenNothing();
  });

  it('AMB-11: an expired one can be deleted, but neither verified nor changed', () => {
    given(added, expired).when({ type: 'VerifyDomain', observation: found }).thenRefused('domain_expired');
    given(added, expired)
      .when({ type: 'ChangeVerificationMethod', method: 'https_file' })
      .thenRefused('domain_expired');
    given(added, expired)
      .when({ type: 'DeleteDomain', managedUsers: 0 })
      .thenRefused('acknowledgements_required');
  });
});

describe('bringing users back after a lapse', () => {
  const restore = (restorable = 3) => ({ type: 'RestoreUsers' as const, restorable });
  const requested: DomainEvent = {
    type: 'DomainUsersRestoreRequested',
    data: { ...named, restorable: 3, requestedAt: day(40) },
  };
  const restored = (next: string | null): DomainEvent => ({
    type: 'DomainUsersRestored',
    data: { ...named, restored: 2, skipped: [], next },
  });
  const note = (next: string | null) => ({
    type: 'NoteRestore' as const,
    restored: 2,
    skipped: [],
    next,
  });

  it('DOM-15: needs the domain verified again', () => {
    given(added, verified)
      .when(restore(), { now: day(40) })
      .then(requested);
    given(added).when(restore()).thenRefused('domain_unverified');
    given(added, expired).when(restore()).thenRefused('domain_unverified');
    given(added, verified, missed).when(restore()).thenRefused('domain_unvalidated');
    given(added, verified, missed, lapsed, deleted).when(restore()).thenRefused('not_found');
  });

  it('DOM-15: asking again while it runs, or for nobody, writes nothing', () => {
    given(added, verified, requested).when(restore()).thenNothing();
    given(added, verified).when(restore(0)).thenNothing();
  });

  it('DOM-15: goes on step by step until nobody is left', () => {
    given(added, verified, requested).when(note('usr_7')).then(restored('usr_7'));
    given(added, verified, requested, restored('usr_7')).when(note(null)).then(restored(null));
    given(added, verified, requested, restored(null)).when(note(null)).thenNothing();
  });

  it('DOM-14: a miss in the middle of it is remembered, and the restore with it', () => {
    expect(given(added, verified, requested, missed).state()).toMatchObject({
      status: 'unvalidated',
      restoring: true,
    });
  });
});
