import { describe, expect, it } from '@jest/globals';
import type { Event } from '#kernel';
import { recordedLog } from '../../../test/support/scripted-log.ts';
import { type DomainView, domains } from './domains.projection.ts';

const named = { domainId: 'dom_1', organizationId: 'org_1', domain: 'mail.corporate.example' };
const added: Event = {
  type: 'DomainAdded',
  data: { ...named, method: 'dns_txt', token: 't', skeleton: 's', addedAt: '2026-01-01T00:00:00.000Z' },
};
const shown = (
  ...events: readonly (readonly [event: Event, occurredAt: string])[]
): DomainView | undefined => {
  const recorded = recordedLog();
  let view: DomainView | undefined;
  for (const [event, occurredAt] of events) {
    const reaction = domains.on[event.type as 'DomainAdded'];
    const one = recorded('domain-dom_1', event, { occurredAt }) as never;
    expect(reaction?.key(one)).toBe('dom_1');
    view = reaction?.to(view, one, 'dom_1') ?? undefined;
  }
  return view;
};
const first = [added, '2026-01-01T00:00:00.000Z'] as const;
const verified = [{ type: 'DomainVerified', data: { ...named } }, '2026-01-02T00:00:00.000Z'] as const;
const missed = [{ type: 'DomainRecheckFailed', data: { ...named } }, '2026-01-10T00:00:00.000Z'] as const;

describe('the list of domains', () => {
  it('DOM-17: lists a domain that is being verified, exactly so', () => {
    expect(shown(first)).toEqual({
      ...named,
      method: 'dns_txt',
      token: 't',
      skeleton: 's',
      status: 'pending',
      words: ['mail.corporate.example', 'mail', 'corporate', 'example'],
      verifiedAt: null,
      lastCheckedAt: null,
      nextCheckAt: '2026-01-02T00:00:00.000Z',
      unvalidatedSince: null,
      deletionDueAt: null,
      addedAt: '2026-01-01T00:00:00.000Z',
      revision: 0,
    });
  });

  it('DOM-12: a verified domain is checked again a day later', () => {
    expect(shown(first, verified)).toMatchObject({
      status: 'verified',
      verifiedAt: '2026-01-02T00:00:00.000Z',
      lastCheckedAt: '2026-01-02T00:00:00.000Z',
      nextCheckAt: '2026-01-03T00:00:00.000Z',
      revision: 1,
    });
  });

  it('DOM-13: an unvalidated domain tells since when, and is due for deletion 30 days later; validated, no more', () => {
    expect(shown(first, verified, missed)).toMatchObject({
      status: 'unvalidated',
      unvalidatedSince: '2026-01-10T00:00:00.000Z',
      deletionDueAt: '2026-02-09T00:00:00.000Z',
    });
    const again = [{ type: 'DomainRevalidated', data: { ...named } }, '2026-01-11T00:00:00.000Z'] as const;
    expect(shown(first, verified, missed, again)).toMatchObject({
      status: 'verified',
      unvalidatedSince: null,
      deletionDueAt: null,
    });
  });

  it('DOM-16: a deleted domain is gone', () => {
    expect(
      shown(first, [{ type: 'DomainDeleted', data: { ...named } }, '2026-01-03T00:00:00.000Z']),
    ).toBeUndefined();
  });
});
