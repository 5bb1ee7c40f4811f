import { describe, expect, it } from '@jest/globals';
import type { Catalogue, Event } from '#kernel';
import { recordedLog } from '../../../test/support/scripted-log.ts';
import { auditHistory } from './audit.projection.ts';

const catalogue: Catalogue = {
  UserProfileUpdated: { summary: 'A person was renamed.' },
  InviteSent: { summary: 'An invitation was sent.' },
  DomainVerified: {
    summary: 'A domain was verified.',
    changes: [{ field: 'status', previous: 'pending', updated: 'verified' }],
  },
  ClaimReserved: { summary: 'A unique value was reserved.', technical: true },
};
const history = auditHistory(catalogue);

const entry = (stream: string, event: Event) => {
  const recorded = recordedLog()(stream, event, { sourceIp: '192.0.2.7', causationId: 'event-0' });
  const reaction = history.on[event.type];
  return reaction && { key: reaction.key(recorded), view: reaction.to(undefined, recorded, '') };
};

describe('audit history', () => {
  it('AUD-01: tells who did what to whom, from where, caused by what, with previous and new values', () => {
    const data = {
      userId: 'usr_2',
      givenName: 'Robert',
      previousGivenName: 'Bob',
      familyName: 'Ray',
      previousFamilyName: 'Ray',
    };
    expect(entry('user-usr_2', { type: 'UserProfileUpdated', data })).toEqual({
      key: 'event-1',
      view: {
        position: 1,
        type: 'UserProfileUpdated',
        occurredAt: '2026-01-01T00:00:00.000Z',
        actor: { type: 'user', id: 'usr_actor' },
        actorId: 'usr_actor',
        source: 'api',
        sourceIp: '192.0.2.7',
        organizationId: 'org_1',
        resource: { type: 'user', id: 'usr_2' },
        resourceId: 'usr_2',
        userId: 'usr_2',
        persons: [],
        summary: 'A person was renamed.',
        data: { userId: 'usr_2', givenName: 'Robert', familyName: 'Ray' },
        changes: [{ field: 'givenName', previous: 'Bob', updated: 'Robert' }],
        commandId: 'cmd_1',
        fingerprint: 'fingerprint',
        correlationId: 'cor_1',
        causationId: 'event-0',
      },
    });
  });

  it('AUD-01: changes that stand in the catalogue are told first', () => {
    expect(
      entry('domain-dom_1', { type: 'DomainVerified', data: { domainId: 'dom_1' } })?.view,
    ).toMatchObject({
      changes: [{ field: 'status', previous: 'pending', updated: 'verified' }],
      userId: null,
    });
  });

  it('P9: links and what only the machine needs are not shown', () => {
    const data = { userId: 'usr_2', tokenHash: 'secret', generation: 1, skeleton: 'x', role: 'owner' };
    expect(entry('invitation-inv_1', { type: 'InviteSent', data })?.view?.data).toEqual({
      userId: 'usr_2',
      role: 'owner',
    });
  });

  it('AUD-01: technical facts are not part of it', () => {
    expect(entry('claim.email-x', { type: 'ClaimReserved', data: {} })).toBeUndefined();
  });
});
