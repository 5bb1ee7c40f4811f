import { describe, expect, it } from '@jest/globals';
import type { Event, RecordedEvent } from '#kernel';
import { recordedLog } from '../../../test/support/scripted-log.ts';
import { type UserView, users } from './users.projection.ts';

const shown = (events: readonly RecordedEvent[]): Record<string, UserView> => {
  const views: Record<string, UserView> = {};
  for (const event of events) {
    const reaction = users.on[event.type as 'InviteSent'];
    if (!reaction) continue;
    const keys = reaction.key(event as never);
    for (const key of typeof keys === 'string' ? [keys] : keys) {
      const next = reaction.to(views[key], event as never, key);
      if (next === null) delete views[key];
      else views[key] = next;
    }
  }
  return views;
};

const about = { invitationId: 'inv_1', organizationId: 'org_1', userId: 'usr_2' };
const sent: Event = {
  type: 'InviteSent',
  data: {
    ...about,
    email: 'bob@corporate.example',
    domain: 'corporate.example',
    role: 'administrator',
    kind: 'new_user',
    accountId: null,
    accounts: [],
    joinsOrganizationId: null,
    absorbs: null,
    ownedAccountIds: [],
    invitedBy: 'usr_1',
    generation: 1,
    tokenHash: 'secret',
    sentAt: '2026-01-01T00:00:00.000Z',
    expiresAt: '2026-01-08T00:00:00.000Z',
  },
};
const joined: Event = {
  type: 'UserJoinedOrg',
  data: {
    userId: 'usr_2',
    email: 'bob@corporate.example',
    domain: 'corporate.example',
    givenName: 'Bób',
    familyName: 'Ray',
    organizationId: 'org_1',
    role: 'administrator',
    via: 'invitation',
    invitationId: 'inv_1',
    joinedAt: '2026-01-02T00:00:00.000Z',
    emailVerified: true,
    ownedAccountIds: [],
  },
};
const seen = (...events: readonly (readonly [stream: string, event: Event])[]): UserView | undefined => {
  const recorded = recordedLog();
  return shown(events.map(([stream, event]) => recorded(stream, event)))['org_1:usr_2'];
};
const invited = ['invitation-inv_1', sent] as const;
const second = [
  'invitation-inv_2',
  {
    ...sent,
    data: {
      ...sent.data,
      invitationId: 'inv_2',
      sentAt: '2026-01-09T00:00:00.000Z',
      expiresAt: '2026-01-16T00:00:00.000Z',
    },
  },
] as const;

describe('the list of users', () => {
  it('USR-03, AMB-03: an invited person is pending, exactly so, without the link', () => {
    expect(seen(invited)).toEqual({
      userId: 'usr_2',
      organizationId: 'org_1',
      kind: 'pending',
      email: 'bob@corporate.example',
      domain: 'corporate.example',
      givenName: '',
      familyName: '',
      name: 'bob@corporate.example',
      words: ['bob@corporate.example'],
      role: 'administrator',
      status: 'pending',
      emailVerified: false,
      twoFactorRequired: false,
      accounts: 0,
      accountIds: [],
      joinedAt: null,
      revision: 0,
      invitation: expect.objectContaining({
        invitationId: 'inv_1',
        invitedBy: 'usr_1',
        sentAt: '2026-01-01T00:00:00.000Z',
        expiresAt: '2026-01-08T00:00:00.000Z',
        timesSent: 1,
        isMerge: false,
      }),
    });
  });

  it('USR-01, INV-03: who joins is managed, found by name without diacritics, without an invitation', () => {
    expect(seen(invited, ['user-usr_2', joined])).toMatchObject({
      kind: 'managed',
      status: 'active',
      role: 'administrator',
      name: 'ray bób bob@corporate.example',
      words: ['bob', 'bob ray', 'bob@corporate.example', 'ray', 'ray bob'],
      emailVerified: true,
      joinedAt: '2026-01-02T00:00:00.000Z',
      invitation: null,
    });
  });

  it.each(['InviteDeclined', 'InviteCancelled', 'InviteExpired'])(
    'USR-03: %s ends the pending person',
    (type) => {
      expect(seen(invited, ['invitation-inv_1', { type, data: about }])).toBeUndefined();
      expect(
        seen(invited, ['user-usr_2', joined], ['invitation-inv_1', { type, data: about }]),
      ).toMatchObject({ kind: 'managed' });
    },
  );

  it('INV-05: sending again shows the new times', () => {
    const resent = {
      type: 'InviteResent',
      data: {
        ...sent.data,
        generation: 2,
        tokenHash: 'secret2',
        sentAt: '2026-01-03T00:00:00.000Z',
        expiresAt: '2026-01-10T00:00:00.000Z',
        previousExpiresAt: '2026-01-08T00:00:00.000Z',
      },
    };
    expect(seen(invited, ['invitation-inv_1', resent])?.invitation).toMatchObject({
      timesSent: 2,
      sentAt: '2026-01-03T00:00:00.000Z',
      expiresAt: '2026-01-10T00:00:00.000Z',
    });
  });

  it('INV-04: after the first invitation has expired by time, the second one is what Pending shows', () => {
    expect(seen(invited, second)?.invitation).toMatchObject({
      invitationId: 'inv_2',
      expiresAt: '2026-01-16T00:00:00.000Z',
    });
    expect(
      seen(invited, second, ['invitation-inv_1', { type: 'InviteCancelled', data: about }])?.invitation,
    ).toMatchObject({ invitationId: 'inv_2' });
    expect(
      seen(invited, second, [
        'invitation-inv_2',
        { type: 'InviteCancelled', data: { ...about, invitationId: 'inv_2' } },
      ]),
    ).toBeUndefined();
  });

  it('USR-07: a renamed person has the new name, words and revision', () => {
    const renamed = {
      type: 'UserProfileUpdated',
      data: {
        userId: 'usr_2',
        organizationId: 'org_1',
        givenName: 'Robert',
        familyName: 'Ray',
        previousGivenName: 'Bób',
        previousFamilyName: 'Ray',
      },
    };
    expect(seen(['user-usr_2', joined], ['user-usr_2', renamed])).toMatchObject({
      name: 'ray robert bob@corporate.example',
      words: ['bob@corporate.example', 'ray', 'ray robert', 'robert', 'robert ray'],
      revision: 1,
    });
  });

  it('ORG-08: an account counts for its owner', () => {
    const created = {
      type: 'AccountCreated',
      data: { accountId: 'acc_1', organizationId: 'org_1', name: 'a', ownerId: 'usr_2' },
    };
    expect(seen(['user-usr_2', joined], ['account-acc_1', created])).toMatchObject({
      accounts: 1,
      accountIds: ['acc_1'],
    });
  });
});
