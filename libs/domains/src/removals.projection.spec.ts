import { describe, expect, it } from '@jest/globals';
import type { Event } from '#kernel';
import { recordedLog } from '../../../test/support/scripted-log.ts';
import { type RemovalView, removals } from './removals.projection.ts';
import { reasonAgainst } from './restored-users.ts';

const person = { userId: 'usr_1', email: 'bob@corporate.example', domain: 'corporate.example' };
const left = (more: object = {}): Event => ({
  type: 'UserRemovedFromOrg',
  data: {
    ...person,
    organizationId: 'org_1',
    role: 'administrator',
    reason: 'domain_validation_lapsed',
    removedAt: '2026-04-01T00:00:00.000Z',
    ...more,
  },
});
const joined = (organizationId: string, via: string): Event => ({
  type: 'UserJoinedOrg',
  data: { ...person, organizationId, via },
});
const because = { type: 'user_removed_from_organization', id: 'usr_1' };
const revoked = (more: object = {}): Event => ({
  type: 'AccountAccessRevoked',
  data: {
    userId: 'usr_1',
    organizationId: 'org_1',
    accountId: 'acc_1',
    previousRoles: ['developer', 'support'],
    cause: because,
    ...more,
  },
});
const handedOver: Event = {
  type: 'AccountOwnershipTransferred',
  data: {
    previousOwnerId: 'usr_1',
    ownerId: 'usr_owner',
    organizationId: 'org_1',
    accountId: 'acc_2',
    cause: because,
  },
};

const shown = (...events: readonly Event[]): RemovalView | undefined => {
  const recorded = recordedLog();
  let view: RemovalView | undefined;
  for (const event of events) {
    const one = recorded('user-usr_1', event) as never;
    const reaction = removals.on[event.type as 'UserDeleted'];
    expect(reaction?.key(one)).toBe('usr_1');
    view = reaction?.to(view, one, 'usr_1') ?? undefined;
  }
  return view;
};
const why = (...events: readonly Event[]) => {
  const view = shown(...events);
  return view && reasonAgainst(view);
};

describe('whom a lapse removed', () => {
  it('DOM-15: is kept with the role, the access and the accounts that they had', () => {
    expect(shown(left(), revoked(), handedOver)).toEqual({
      ...person,
      organizationId: 'org_1',
      role: 'administrator',
      removedAt: '2026-04-01T00:00:00.000Z',
      whereabouts: 'away',
      access: [{ accountId: 'acc_1', roles: ['developer', 'support'] }],
      owned: [{ accountId: 'acc_2', ownerId: 'usr_owner' }],
    });
  });

  it('DOM-15: what was taken away for another reason, or elsewhere, is not theirs to get back', () => {
    expect(shown(left(), revoked({ cause: null }), revoked({ organizationId: 'org_2' }))?.access).toEqual([]);
    expect(shown(left(), joined('org_1', 'restore'), revoked())?.access).toEqual([]);
  });

  it.each([
    ['nobody who left otherwise', [left({ reason: 'manual' })], undefined],
    ['whoever is away', [left()], null],
    ['not whoever is back', [left(), joined('org_1', 'restore')], 'already_member'],
    ['not whoever was invited again', [left(), joined('org_1', 'invitation')], 'already_member'],
    ['not whoever is elsewhere', [left(), joined('org_2', 'invitation')], 'member_of_other_organization'],
    [
      'whoever left that other organization again',
      [left(), joined('org_2', 'invitation'), left({ organizationId: 'org_2', reason: 'manual' })],
      null,
    ],
    [
      'nobody whom the organization removed by hand after a restore',
      [left(), joined('org_1', 'restore'), left({ reason: 'manual' })],
      undefined,
    ],
    [
      'not the deleted, whose address is forgotten',
      [left(), { type: 'UserDeleted', data: { userId: 'usr_1' } }],
      'deleted',
    ],
  ])('DOM-15: a restore brings back %s', (_case, events, reason) => {
    expect(why(...events)).toBe(reason);
    if (reason === 'deleted') expect(shown(...events)?.email).toBe('');
  });
});
