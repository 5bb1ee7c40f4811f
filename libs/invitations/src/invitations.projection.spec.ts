import { describe, expect, it } from '@jest/globals';
import type { Event } from '#kernel';
import { recordedLog } from '../../../test/support/scripted-log.ts';
import { type InvitationView, invitations } from './invitations.projection.ts';

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
const shown = (...events: readonly Event[]): InvitationView | undefined => {
  const recorded = recordedLog();
  let view: InvitationView | undefined;
  for (const event of events)
    view =
      invitations.on[event.type as 'InviteSent']?.to(
        view,
        recorded('invitation-inv_1', event) as never,
        'inv_1',
      ) ?? undefined;
  return view;
};

describe('the list of invitations', () => {
  it('INV-01, P9: shows what was sent, without the link', () => {
    const view = shown(sent);
    expect(view).toMatchObject({
      ...about,
      email: 'bob@corporate.example',
      domain: 'corporate.example',
      role: 'administrator',
      kind: 'new_user',
      accountId: null,
      accounts: [],
      joinsOrganizationId: null,
      ownedAccountIds: [],
      status: 'pending',
      invitedBy: 'usr_1',
      timesSent: 1,
      revision: 0,
    });
    expect(JSON.stringify(view)).not.toContain('secret');
  });

  it.each([
    ['InviteAccepted', 'accepted'],
    ['InviteAcceptanceReverted', 'reverted'],
    ['InviteDeclined', 'declined'],
    ['InviteCancelled', 'cancelled'],
    ['InviteExpired', 'expired'],
  ])('INV-06: after %s it stays listed as %s', (type, status) => {
    expect(shown(sent, { type, data: about })).toMatchObject({ status, revision: 1 });
  });

  it('INV-05, INV-06: sent again it is pending with the new times, expired or not', () => {
    const resent = {
      type: 'InviteResent',
      data: {
        ...about,
        generation: 2,
        tokenHash: 'x',
        sentAt: 's2',
        expiresAt: 'e2',
        previousExpiresAt: 'e',
      },
    };
    expect(shown(sent, { type: 'InviteExpired', data: about }, resent)).toMatchObject({
      status: 'pending',
      sentAt: 's2',
      expiresAt: 'e2',
      timesSent: 2,
      revision: 2,
    });
  });
});
