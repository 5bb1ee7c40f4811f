import { describe, expect, it } from '@jest/globals';
import { specify } from '#kernel';
import {
  type InvitationCommand,
  type InvitationEvent,
  invitation,
  invitationLinkInvalid,
  isOpen,
} from './invitation.ts';

const { given } = specify(invitation);
const now = '2026-03-01T10:00:00.000Z';
const expiresAt = '2026-03-08T10:00:00.000Z';
const justBefore = '2026-03-08T09:59:59.999Z';
const newExpiry = '2026-03-20T10:00:00.000Z';

const about = { invitationId: 'inv_1', organizationId: 'org_1', userId: 'usr_2' };
const offer = {
  role: 'standard_user',
  accountId: null,
  accounts: [],
  joinsOrganizationId: null,
  absorbs: null,
} as const;
const asked = {
  ...about,
  ...offer,
  email: 'bob+x@corporate.example',
  domain: 'corporate.example',
  kind: 'new_user',
  invitedBy: 'usr_1',
  ownedAccountIds: [],
  tokenHash: 'hash1',
  expiresAt,
} as const;
const sent: InvitationEvent = { type: 'InviteSent', data: { ...asked, generation: 1, sentAt: now } };
const resent: InvitationEvent = {
  type: 'InviteResent',
  data: {
    ...asked,
    generation: 2,
    tokenHash: 'hash2',
    sentAt: justBefore,
    expiresAt: newExpiry,
    previousExpiresAt: expiresAt,
  },
};
const resend = {
  type: 'ResendInvite',
  userId: 'usr_2',
  kind: 'new_user',
  ownedAccountIds: [],
  absorbs: null,
  tokenHash: 'hash2',
  expiresAt: newExpiry,
} as const;
const accepted: InvitationEvent = {
  type: 'InviteAccepted',
  data: { ...about, ...offer, givenName: 'Bob', familyName: 'Ray' },
};
const reverted: InvitationEvent = {
  type: 'InviteAcceptanceReverted',
  data: { ...about, reason: 'user_belongs_to_another_organization' },
};
const declined: InvitationEvent = { type: 'InviteDeclined', data: about };
const cancelled: InvitationEvent = { type: 'InviteCancelled', data: { ...about, reason: 'manual' } };
const expired: InvitationEvent = { type: 'InviteExpired', data: { ...about, generation: 1 } };
const accept: InvitationCommand = {
  type: 'AcceptInvite',
  tokenHash: 'hash1',
  userId: 'usr_2',
  givenName: 'Bob',
  familyName: 'Ray',
};
const ended = [
  ['accepted', accepted],
  ['declined', declined],
  ['cancelled', cancelled],
] as const;

describe('invitation', () => {
  it('INV-01: is sent to an address with the role it offers', () => {
    given()
      .when({ type: 'SendInvite', ...asked }, { now })
      .then(sent);
  });

  it('INV-03: a sent invitation is pending, and nothing is accepted', () => {
    expect(given(sent).state()).toEqual({ status: 'pending', ...asked, generation: 1, sentAt: now });
  });

  it('INV-03: who was invited accepts with the newest link', () => {
    given(sent).when(accept, { now: justBefore }).then(accepted);
  });

  it('INV-03: an existing person accepts without names', () => {
    given(sent)
      .when({ type: 'AcceptInvite', tokenHash: 'hash1', userId: 'usr_2' }, { now })
      .then({
        type: 'InviteAccepted',
        data: { ...about, ...offer, givenName: null, familyName: null },
      });
  });

  it('ERR-04: a link of somebody else, a wrong link and an unknown invitation look alike', () => {
    const refusals = [
      given(sent)
        .when({ ...accept, userId: 'usr_9' }, { now })
        .thenRefused('invitation_link_invalid'),
      given(sent)
        .when({ ...accept, tokenHash: 'other' }, { now })
        .thenRefused('invitation_link_invalid'),
      given().when(accept).thenRefused('invitation_link_invalid'),
      given().when({ type: 'DeclineInvite', tokenHash: 'hash1' }).thenRefused('invitation_link_invalid'),
    ];
    for (const refusal of refusals) expect(refusal).toEqual(invitationLinkInvalid);
    expect(invitationLinkInvalid).toEqual({
      refused: 'missing',
      code: 'invitation_link_invalid',
      detail: 'This invitation link is Invalid.',
    });
  });

  it('INV-04, INV-07, AMB-08: a link works until the moment it expires and not in that moment', () => {
    given(sent).when(accept, { now: justBefore }).then(accepted);
    given(sent).when(accept, { now: expiresAt }).thenRefused('invitation_link_invalid');
    given(sent)
      .when({ type: 'DeclineInvite', tokenHash: 'hash1' }, { now: expiresAt })
      .thenRefused('invitation_link_invalid');
    expect([isOpen(given(sent).state(), justBefore), isOpen(given(sent).state(), expiresAt)]).toEqual([
      true,
      false,
    ]);
  });

  it('INV-05, INV-06: sending again makes a new link with a new expiry, and counts', () => {
    given(sent)
      .when({ ...resend, tokenHash: 'hash2' }, { now: justBefore })
      .then(resent);
  });

  it('INV-05, INV-07: after sending again only the newest link works', () => {
    given(sent, resent).when(accept, { now: justBefore }).thenRefused('invitation_link_invalid');
    given(sent, resent)
      .when({ type: 'DeclineInvite', tokenHash: 'hash1' }, { now: justBefore })
      .thenRefused('invitation_link_invalid');
    given(sent, resent)
      .when({ ...accept, tokenHash: 'hash2' }, { now: justBefore })
      .then(accepted);
  });

  it('AMB-08: the new link lives by the new expiry', () => {
    given(sent, resent)
      .when({ ...accept, tokenHash: 'hash2' }, { now: '2026-03-15T00:00:00.000Z' })
      .then(accepted);
  });

  it('INV-06: an expired invitation can be sent again and is pending then', () => {
    given(sent, expired)
      .when({ ...resend, tokenHash: 'hash2' }, { now: justBefore })
      .then(resent);
    expect(given(sent, expired, resent).state()).toMatchObject({ status: 'pending', generation: 2 });
  });

  it('INV-06, AMB-03: an expired invitation goes to a new pending person when the first was discarded', () => {
    const state = given(sent, expired, {
      type: 'InviteResent',
      data: { ...resent.data, userId: 'usr_3' } as Extract<InvitationEvent, { type: 'InviteResent' }>['data'],
    });
    state
      .when({ ...accept, tokenHash: 'hash2', userId: 'usr_2' }, { now: justBefore })
      .thenRefused('invitation_link_invalid');
    expect(state.state()).toMatchObject({ status: 'pending', userId: 'usr_3' });
  });

  it.each([...ended, ['reverted', reverted] as const])(
    'INV-06: an invitation that was %s is neither sent again nor cancelled',
    (status, end) => {
      const past = status === 'reverted' ? [sent, accepted, end] : [sent, end];
      given(...past)
        .when({ ...resend, tokenHash: 'hash2' })
        .thenRefused('invitation_not_pending');
      const cancel = given(...past).when({ type: 'CancelInvite', reason: 'manual' });
      if (status === 'cancelled') cancel.thenNothing();
      else cancel.thenRefused('invitation_not_pending');
    },
  );

  it('ERR-04: a used link works for nobody, not even for its own person', () => {
    given(sent, accepted).when(accept, { now }).thenRefused('invitation_link_invalid');
    given(sent, accepted).when(accept, { now: newExpiry }).thenRefused('invitation_link_invalid');
    given(sent, accepted)
      .when({ ...accept, userId: 'usr_9' }, { now })
      .thenRefused('invitation_link_invalid');
    given(sent, accepted)
      .when({ type: 'DeclineInvite', tokenHash: 'hash1' }, { now })
      .thenRefused('invitation_link_invalid');
  });

  it.each([
    ['declined', [sent, declined]],
    ['cancelled', [sent, cancelled]],
    ['expired', [sent, expired]],
    ['reverted', [sent, accepted, reverted]],
  ] as const)('ERR-04: the link of an invitation that was %s works no more', (_status, past) => {
    given(...past)
      .when(accept, { now })
      .thenRefused('invitation_link_invalid');
    given(...past)
      .when({ type: 'DeclineInvite', tokenHash: 'hash1' }, { now })
      .thenRefused('invitation_link_invalid');
  });

  it('rules.md 2.5: an acceptance that cannot take effect is taken back, with the reason, once', () => {
    given(sent, accepted)
      .when({ type: 'RevertAcceptance', reason: 'user_belongs_to_another_organization' })
      .then(reverted);
    given(sent, accepted, reverted)
      .when({ type: 'RevertAcceptance', reason: 'user_belongs_to_another_organization' })
      .thenNothing();
    given(sent).when({ type: 'RevertAcceptance', reason: 'x' }).thenNothing();
  });

  it('INV-06: who was invited declines', () => {
    given(sent).when({ type: 'DeclineInvite', tokenHash: 'hash1' }, { now }).then(declined);
  });

  it('INV-06, INV-08: a pending or expired invitation is cancelled, by hand or with its domain', () => {
    given(sent).when({ type: 'CancelInvite', reason: 'manual' }).then(cancelled);
    given(sent, expired).when({ type: 'CancelInvite', reason: 'manual' }).then(cancelled);
    given(sent)
      .when({ type: 'CancelInvite', reason: 'domain_deleted' })
      .then({ type: 'InviteCancelled', data: { ...about, reason: 'domain_deleted' } });
  });

  it('INV-04: it expires from its expiry on, not before', () => {
    given(sent).when({ type: 'ExpireInvite', generation: 1 }, { now: justBefore }).thenNothing();
    given(sent).when({ type: 'ExpireInvite', generation: 1 }, { now: expiresAt }).then(expired);
  });

  it('INV-05: the expiry of an earlier link does not end the newer one', () => {
    given(sent, resent).when({ type: 'ExpireInvite', generation: 1 }, { now: newExpiry }).thenNothing();
    given(sent, resent)
      .when({ type: 'ExpireInvite', generation: 2 }, { now: newExpiry })
      .then({ type: 'InviteExpired', data: { ...about, generation: 2 } });
  });

  it.each(ended)('INV-04: an invitation that was %s does not expire', (_status, end) => {
    given(sent, end).when({ type: 'ExpireInvite', generation: 1 }, { now: newExpiry }).thenNothing();
  });

  it('sending, cancelling and expiring it once more write nothing', () => {
    given(sent)
      .when({ type: 'SendInvite', ...asked })
      .thenNothing();
    given(sent, cancelled)
      .when({ type: 'SendInvite', ...asked })
      .thenNothing();
    given(sent, cancelled).when({ type: 'CancelInvite', reason: 'manual' }).thenNothing();
    given(sent, expired).when({ type: 'ExpireInvite', generation: 1 }, { now: newExpiry }).thenNothing();
  });

  it('one that does not exist is not found by those who manage', () => {
    given()
      .when({ ...resend, tokenHash: 'h' })
      .thenRefused('not_found');
    given().when({ type: 'CancelInvite', reason: 'manual' }).thenRefused('not_found');
    given().when({ type: 'RevertAcceptance', reason: 'x' }).thenRefused('not_found');
    given().when({ type: 'ExpireInvite', generation: 1 }).thenRefused('not_found');
  });

  const toAccount = {
    role: null,
    accountId: 'acc_1',
    accounts: [{ accountId: 'acc_1', roles: ['support'] }],
    joinsOrganizationId: 'org_1',
    absorbs: null,
  } as const;
  const sentToAccount: InvitationEvent = {
    type: 'InviteSent',
    data: { ...asked, ...toAccount, generation: 1, sentAt: now },
  };

  it('INV-02, AMB-29: offers an account alone, and what the acceptance brings stands in its event', () => {
    given()
      .when({ type: 'SendInvite', ...asked, ...toAccount }, { now })
      .then(sentToAccount);
    given(sentToAccount)
      .when(accept, { now: justBefore })
      .then({
        type: 'InviteAccepted',
        data: { ...about, ...toAccount, givenName: 'Bob', familyName: 'Ray' },
      });
    const [again] = given(sentToAccount).when(resend, { now: justBefore }).decision as [InvitationEvent];
    expect(again.data).toMatchObject({ ...toAccount, generation: 2 });
  });

  it('INV-13: a part that could not take effect is told beside what holds', () => {
    const reason = 'account_closed';
    const acceptedAccount: InvitationEvent = {
      type: 'InviteAccepted',
      data: { ...about, ...toAccount, givenName: null, familyName: null },
    };
    given(sentToAccount, acceptedAccount)
      .when({ type: 'RecordRefusedPart', accountId: 'acc_1', reason })
      .then({ type: 'InvitePartRefused', data: { ...about, accountId: 'acc_1', reason } });
    given(sentToAccount).when({ type: 'RecordRefusedPart', accountId: 'acc_1', reason }).thenNothing();
  });
});
