import { describe, expect, it } from '@jest/globals';
import type { CatalogueEntry } from '#kernel';
import { invitationHistory } from './invitation.history.ts';
import { invitation } from './invitation.ts';

const raised = (type: keyof typeof invitationHistory, data: object): object => {
  const { version, upcast = [] }: CatalogueEntry = invitationHistory[type];
  expect(upcast.length).toBe((version ?? 1) - 1);
  return upcast.reduce((old, raise) => raise(old), data as Readonly<Record<string, unknown>>);
};

const about = { invitationId: 'inv_1', organizationId: 'org_1', userId: 'usr_2' };
const first = {
  ...about,
  email: 'bob@corporate.example',
  domain: 'corporate.example',
  role: 'administrator',
  kind: 'new_user',
  invitedBy: 'usr_1',
  generation: 1,
  tokenHash: 'hash1',
  sentAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-08T00:00:00.000Z',
};
const toTheOrganization = { accountId: null, accounts: [], joinsOrganizationId: null, absorbs: null };

describe('invitations that were written before there were any to accounts', () => {
  it('INV-01: are to the organization alone', () => {
    expect(raised('InviteSent', first)).toEqual({ ...first, ...toTheOrganization, ownedAccountIds: [] });
    const again = { ...first, generation: 2, previousExpiresAt: first.expiresAt };
    expect(raised('InviteResent', again)).toEqual({ ...again, ...toTheOrganization, ownedAccountIds: [] });
    const accepted = { ...about, role: 'administrator', givenName: 'Bob', familyName: 'Ray' };
    expect(raised('InviteAccepted', accepted)).toEqual({ ...accepted, ...toTheOrganization });
  });

  it('INV-03: are accepted as they always were', () => {
    const state = invitation.evolve(invitation.initial, {
      type: 'InviteSent',
      data: raised('InviteSent', first),
    } as never);
    const decision = invitation.decide({ type: 'AcceptInvite', tokenHash: 'hash1', userId: 'usr_2' }, state, {
      now: '2026-01-02T00:00:00.000Z',
      actor: { type: 'user', id: 'usr_2' },
    });
    expect(decision).toMatchObject([
      { type: 'InviteAccepted', data: { role: 'administrator', ...toTheOrganization } },
    ]);
  });
});
