import { describe, expect, it } from '@jest/globals';
import { daysAfter, type Event, laterBy, type Timer } from '#kernel';
import { recordedLog } from '../../../test/support/scripted-log.ts';
import {
  domainExpiry,
  domainLapse,
  domainRecheck,
  domainRemoval,
  domainRestore,
  domainWarning,
} from './domain-watch.timer.ts';

const since = '2026-03-01T10:00:00.000Z';
const named = { domainId: 'dom_1', organizationId: 'org_1', domain: 'corporate.example' };
const timers = [domainRecheck, domainWarning, domainLapse, domainExpiry, domainRemoval, domainRestore];

/** Kind → when it is due after these events; what was called off is not there. */
const due = (...events: readonly Event[]) => {
  const recorded = recordedLog();
  const set: Record<string, string> = {};
  for (const event of events) {
    const one = recorded(
      'domain-dom_1',
      { ...event, data: { ...named, ...event.data } },
      { occurredAt: since },
    );
    for (const { kind, on } of timers as readonly Timer[]) {
      const change = on[event.type]?.(one as never) ?? [];
      if (!('key' in change)) continue;
      if (change.dueAt === null) delete set[kind];
      else set[kind] = change.dueAt;
    }
  }
  return set;
};
const added = { type: 'DomainAdded', data: { addedAt: since } };
const verified = { type: 'DomainVerified', data: {} };
const missed = { type: 'DomainRecheckFailed', data: { unvalidatedSince: since } };
const warned = (day: number) => ({
  type: 'DomainLapseWarningSent',
  data: { unvalidatedSince: since, day },
});
const tomorrow = daysAfter(since, 1);

describe('the timers of a domain', () => {
  it('DOM-12, AMB-11: a pending one is looked at tomorrow, and expires strictly after 30 days', () => {
    expect(due(added)).toEqual({
      domain_recheck: tomorrow,
      domain_expiry: laterBy(daysAfter(since, 30), 1),
    });
  });

  it('DOM-12: a verified one is only looked at, when the last look says', () => {
    expect(due(added, verified)).toEqual({ domain_recheck: tomorrow });
    const checked = {
      type: 'DomainChecked',
      data: { nextCheckAt: '2026-03-02T12:00:00.000Z', lapseDueAt: null },
    };
    expect(due(added, verified, checked)).toEqual({ domain_recheck: '2026-03-02T12:00:00.000Z' });
  });

  it('DOM-13, DOM-15: a miss sets the first warning and the lapse, strictly after 30 × 24 hours', () => {
    expect(due(added, verified, missed)).toEqual({
      domain_recheck: tomorrow,
      domain_warning: tomorrow,
      domain_lapse: laterBy(daysAfter(since, 30), 1),
    });
  });

  it('DOM-13: warnings on days 1, 15, 25 and 29', () => {
    const days = [1, 15, 25].map((_, n, all) =>
      due(added, verified, missed, ...all.slice(0, n + 1).map(warned)),
    );
    expect(days.map((set) => set.domain_warning)).toEqual([15, 25, 29].map((day) => daysAfter(since, day)));
    expect(due(added, verified, missed, warned(29))).not.toHaveProperty('domain_warning');
  });

  it('DOM-13: found again, nothing is left but looking', () => {
    expect(due(added, verified, missed, { type: 'DomainRevalidated', data: {} })).toEqual({
      domain_recheck: tomorrow,
    });
  });

  it('AMB-10: a lapse that could not be decided is tried again', () => {
    const doubt = {
      type: 'DomainChecked',
      data: { nextCheckAt: tomorrow, lapseDueAt: laterBy(tomorrow, 1) },
    };
    expect(due(added, verified, missed, doubt)).toMatchObject({ domain_lapse: laterBy(tomorrow, 1) });
  });

  it('DOM-15: a lapse begins the removal, which goes on until nobody is left', () => {
    const lapse = [
      { type: 'DomainValidationLapsed', data: { lapsedAt: since } },
      { type: 'DomainDeleted', data: {} },
    ];
    const step = (nextStepAt: string | null) => ({ type: 'DomainUsersRemoved', data: { nextStepAt } });
    expect(due(added, verified, missed, ...lapse)).toEqual({ domain_users_removal: since });
    expect(due(added, verified, missed, ...lapse, step(tomorrow))).toEqual({
      domain_users_removal: tomorrow,
    });
    expect(due(added, verified, missed, ...lapse, step(tomorrow), step(null))).toEqual({});
  });

  it('DOM-15: each step of the removal begins behind the last person of the one before', () => {
    const fieldsOf = (type: 'DomainValidationLapsed' | 'DomainUsersRemoved', data: object) => {
      const event = recordedLog()('domain-dom_1', { type, data: { ...named, ...data } });
      return { id: event.id, ...domainRemoval.on[type]?.(event as never) };
    };
    const begun = fieldsOf('DomainValidationLapsed', { lapsedAt: since, affectedUsers: 2_000 });
    expect(begun).toMatchObject({ fields: { lapseId: begun.id, after: '', remaining: 2_000 } });
    const gone = { lapseId: 'lapse', after: 'usr_7', remaining: 1_000, nextStepAt: since };
    expect(fieldsOf('DomainUsersRemoved', gone)).toMatchObject({
      fields: { lapseId: 'lapse', after: 'usr_7', remaining: 1_000 },
    });
  });

  it('DOM-15: a restore goes on from the last person of the step before', () => {
    const asked = { type: 'DomainUsersRestoreRequested', data: { requestedAt: since } };
    const step = (next: string | null) => ({ type: 'DomainUsersRestored', data: { next } });
    expect(due(verified, asked)).toMatchObject({ domain_users_restore: since });
    expect(due(verified, asked, step('usr_7'))).toMatchObject({ domain_users_restore: since });
    expect(due(verified, asked, step('usr_7'), step(null))).not.toHaveProperty('domain_users_restore');
  });

  it('AMB-11, DOM-16: an expired or deleted one has none', () => {
    expect(due(added, { type: 'DomainVerificationExpired', data: {} })).toEqual({});
    expect(due(added, verified, missed, { type: 'DomainDeleted', data: {} })).toEqual({});
  });
});
