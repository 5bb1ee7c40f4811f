import { describe, expect, it } from '@jest/globals';
import { specify } from '#kernel';
import { recordedLog } from '../../../test/support/scripted-log.ts';
import { type AccountAdditionEvent, accountAddition } from './account-addition.ts';
import { accountAdditionExpiry } from './account-addition-expiry.timer.ts';

const { given } = specify(accountAddition);
const now = '2026-03-01T10:00:00.000Z';
const expiresAt = '2026-03-08T10:00:00.000Z';
const justBefore = '2026-03-08T09:59:59.999Z';
const about = {
  additionId: 'add_1',
  accountId: 'acc_1',
  organizationId: 'org_1',
  kind: 'managed',
} as const;
const request = { ...about, ownerId: 'usr_1', name: 'Shop', requestedBy: 'usr_2', expiresAt };
const requested: AccountAdditionEvent = {
  type: 'AccountAdditionRequested',
  data: { ...request, requestedAt: now },
};
const confirmed: AccountAdditionEvent = {
  type: 'AccountAdditionConfirmed',
  data: { ...about, ownerId: 'usr_1' },
};
const declined: AccountAdditionEvent = { type: 'AccountAdditionDeclined', data: about };
const expired: AccountAdditionEvent = { type: 'AccountAdditionExpired', data: about };
const confirm = { type: 'ConfirmAccountAddition', ownerId: 'usr_1' } as const;

describe('the addition of an account', () => {
  it('ACC-04, ACC-05: is asked for, and pending until its owner answers', () => {
    given()
      .when({ type: 'RequestAccountAddition', ...request }, { now })
      .then(requested);
    given(requested)
      .when({ type: 'RequestAccountAddition', ...request })
      .thenNothing();
    expect(given(requested).state()).toEqual({ status: 'pending', ...request });
    expect(accountAddition.organizationOf(given(requested).state())).toBe('org_1');
  });

  it('ACC-05: is confirmed or declined, once', () => {
    given(requested).when(confirm, { now: justBefore }).then(confirmed);
    given(requested).when({ type: 'DeclineAccountAddition' }, { now: justBefore }).then(declined);
    given(requested, confirmed).when(confirm, { now }).thenNothing();
    given(requested, declined).when({ type: 'DeclineAccountAddition' }, { now }).thenNothing();
    given(requested, declined).when(confirm, { now }).thenRefused('account_addition_not_pending');
    given(requested, confirmed)
      .when({ type: 'DeclineAccountAddition' }, { now })
      .thenRefused('account_addition_not_pending');
    given().when(confirm).thenRefused('not_found');
  });

  it('MRG-04: is withdrawn while it is pending when whoever asked is absorbed', () => {
    const withdrawn: AccountAdditionEvent = { type: 'AccountAdditionWithdrawn', data: about };
    given(requested).when({ type: 'WithdrawAccountAddition' }).then(withdrawn);
    given(requested, withdrawn).when({ type: 'WithdrawAccountAddition' }).thenNothing();
    given(requested, confirmed).when({ type: 'WithdrawAccountAddition' }).thenNothing();
    given(requested, withdrawn).when(confirm, { now }).thenRefused('account_addition_not_pending');
  });

  it('ACC-04: nothing is answered from the moment it expires; its timer ends it', () => {
    given(requested).when(confirm, { now: expiresAt }).thenRefused('account_addition_not_pending');
    given(requested).when({ type: 'ExpireAccountAddition' }, { now: justBefore }).thenNothing();
    given(requested).when({ type: 'ExpireAccountAddition' }, { now: expiresAt }).then(expired);
    given(requested, confirmed).when({ type: 'ExpireAccountAddition' }, { now: expiresAt }).thenNothing();
  });

  it('AMB-26: what could not take effect is told', () => {
    const reason = 'user_belongs_to_another_organization';
    given(requested, confirmed)
      .when({ type: 'RevertAccountAddition', reason })
      .then({ type: 'AccountAdditionReverted', data: { ...about, reason } });
    given(requested).when({ type: 'RevertAccountAddition', reason }).thenNothing();
  });

  it.each([
    [requested, expiresAt],
    [confirmed, null],
    [declined, null],
    [expired, null],
  ] as const)('ACC-04: the timer follows $type', (event, dueAt) => {
    const recorded = recordedLog()('accountAddition-add_1', event as never);
    expect(accountAdditionExpiry.on[event.type]?.(recorded as never)).toMatchObject({ key: 'add_1', dueAt });
  });
});
