import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isRefusal, specify } from '#kernel';
import { type CredentialCommand, type CredentialEvent, credential } from './credential.ts';

const about = { userId: 'usr_1', organizationId: 'org_1' };
const [monday, tuesday] = ['2026-01-05T00:00:00.000Z', '2026-01-06T00:00:00.000Z'];
const beforeTuesday = '2026-01-05T23:59:59.999Z';
const link = { tokenHash: 'hash-1', addressHash: 'address-1' };
const request = (requestedBy: 'anybody' | 'administrator', tokenHash = 'hash-1'): CredentialCommand => ({
  type: 'RequestPasswordReset',
  ...about,
  requestedBy,
  ...link,
  tokenHash,
  expiresAt: tuesday,
});
const requested = (
  requestedBy: 'anybody' | 'administrator',
  generation = 1,
  tokenHash = `hash-${generation}`,
): CredentialEvent => ({
  type: 'PasswordResetRequested',
  data: {
    ...about,
    requestedBy,
    generation,
    ...link,
    tokenHash,
    requestedAt: monday,
    expiresAt: tuesday,
  },
});
const revoked = (reason: 'password_changed' | 'password_reset' | 'two_factor_enrolled'): CredentialEvent => ({
  type: 'SessionsRevoked',
  data: { ...about, reason },
});
const completed = (generation = 1): CredentialEvent => ({
  type: 'PasswordResetCompleted',
  data: { ...about, generation, changedAt: monday },
});
const changed: CredentialEvent = { type: 'PasswordChanged', data: { ...about, changedAt: monday } };
const complete = (tokenHash = 'hash-1', addressHash = 'address-1'): CredentialCommand => ({
  type: 'CompletePasswordReset',
  ...about,
  tokenHash,
  addressHash,
});
const enrolled = (
  method: 'totp' | 'sms' = 'totp',
  factorId = '2fa_1',
  previousMethod: 'totp' | 'sms' | null = null,
): CredentialEvent => ({
  type: 'TwoFactorEnrolled',
  data: { ...about, method, previousMethod, factorId },
});
const { given } = specify(credential);
const now = { now: monday };

describe('a credential', () => {
  it('P14: a changed password ends sessions and the link that is open', () => {
    const change = { type: 'ChangePassword', ...about } as const;
    given().when(change, now).then(changed, revoked('password_changed'));
    given(requested('anybody'), changed).when(complete(), now).thenRefused('link_invalid');
  });

  it('USR-12: an administrator’s reset ends sessions, and no old password proves anything until a new one is chosen', () => {
    given().when(request('administrator'), now).then(requested('administrator'), revoked('password_reset'));
    given().when(request('anybody'), now).then(requested('anybody'));
    const change = { type: 'ChangePassword', ...about } as const;
    given(requested('administrator')).when(change, now).thenRefused('password_wrong');
    given(requested('administrator'), requested('anybody', 2))
      .when(change, now)
      .thenRefused('password_wrong');
    given(requested('administrator'), completed())
      .when(change, now)
      .then(changed, revoked('password_changed'));
  });

  it('USR-12: the newest link works, once, for 24 hours, for the address that it was mailed to', () => {
    const open = given(requested('anybody'));
    open.when(complete(), { now: beforeTuesday }).then(
      {
        type: 'PasswordResetCompleted',
        data: { ...about, generation: 1, changedAt: beforeTuesday },
      },
      revoked('password_reset'),
    );
    open.when(complete(), { now: tuesday }).thenRefused('link_invalid');
    open.when(complete('hash-2'), now).thenRefused('link_invalid');
    open.when(complete('hash-1', 'address-2'), now).thenRefused('link_invalid');
    given().when(complete(), now).thenRefused('link_invalid');
    given(requested('anybody'), completed()).when(complete(), now).thenRefused('link_invalid');
    given(requested('anybody'), requested('anybody', 2)).when(complete(), now).thenRefused('link_invalid');
    given(requested('anybody'), completed())
      .when(request('anybody', 'hash-2'), now)
      .then(requested('anybody', 2));
  });

  it('USR-12: a link expires by an event, a newer one is not touched by the time of the older', () => {
    const expire = (generation: number) =>
      ({ type: 'ExpirePasswordReset', userId: 'usr_1', generation }) as const;
    const expired: CredentialEvent = { type: 'PasswordResetExpired', data: { ...about, generation: 1 } };
    given(requested('anybody')).when(expire(1), { now: tuesday }).then(expired);
    given(requested('anybody')).when(expire(1), { now: beforeTuesday }).thenNothing();
    given(requested('anybody'), requested('anybody', 2)).when(expire(1), { now: tuesday }).thenNothing();
    given(requested('anybody'), completed()).when(expire(1), { now: tuesday }).thenNothing();
    given(requested('anybody'), expired).when(expire(1), { now: tuesday }).thenNothing();
    given().when(expire(1), { now: tuesday }).thenNothing();
    given(requested('anybody'), expired).when(complete(), now).thenRefused('link_invalid');
  });

  it('SEC-05: a second factor is set up, replaced, given up', () => {
    const enrol = (method: 'totp' | 'sms', factorId: string) =>
      ({ type: 'EnrolTwoFactor', ...about, method, factorId }) as const;
    given().when(enrol('totp', '2fa_1')).then(enrolled(), revoked('two_factor_enrolled'));
    given(enrolled()).when(enrol('totp', '2fa_1')).thenNothing();
    given(enrolled())
      .when(enrol('sms', '2fa_2'))
      .then(enrolled('sms', '2fa_2', 'totp'), revoked('two_factor_enrolled'));
    const disabled: CredentialEvent = {
      type: 'TwoFactorDisabled',
      data: { ...about, previousMethod: 'totp', method: null, factorId: '2fa_1' },
    };
    given(enrolled())
      .when({ type: 'DisableTwoFactor', ...about })
      .then(disabled);
    given(enrolled(), disabled)
      .when({ type: 'DisableTwoFactor', ...about })
      .thenNothing();
  });

  it('USR-13: an administrator’s reset is remembered until there is a new second factor', () => {
    const reset: CredentialEvent = {
      type: 'TwoFactorReset',
      data: { ...about, previousMethod: 'totp', method: null, factorId: '2fa_1' },
    };
    given(enrolled())
      .when({ type: 'ResetTwoFactor', ...about })
      .then(reset);
    given()
      .when({ type: 'ResetTwoFactor', ...about })
      .thenNothing();
    expect(given(enrolled(), reset).state()).toMatchObject({ twoFactor: null, twoFactorWasReset: true });
    expect(given(enrolled(), reset, enrolled('sms', '2fa_2')).state()).toMatchObject({
      twoFactorWasReset: false,
    });
  });

  it('P14: recovery codes are renewed in batches, and their use is told', () => {
    const renew = { type: 'RenewRecoveryCodes', ...about } as const;
    const renewed = (batch: number): CredentialEvent => ({
      type: 'RecoveryCodesRenewed',
      data: { ...about, factorId: '2fa_1', batch },
    });
    given(enrolled()).when(renew).then(renewed(2));
    given(enrolled(), renewed(2)).when(renew).then(renewed(3));
    given().when(renew).thenRefused('two_factor_not_enrolled');
    given(enrolled())
      .when({ type: 'UseRecoveryCode', ...about, left: 9 })
      .then({ type: 'RecoveryCodeUsed', data: { ...about, factorId: '2fa_1', left: 9 } });
  });

  it('P9: of all links at most one can be used, whatever was asked for in whatever order', () => {
    const times = [monday, beforeTuesday, tuesday];
    const step = fc.oneof(
      fc.record({
        type: fc.constant('RequestPasswordReset' as const),
        requestedBy: fc.constantFrom('anybody' as const, 'administrator' as const),
      }),
      fc.record({
        type: fc.constant('CompletePasswordReset' as const),
        link: fc.integer({ min: 1, max: 6 }),
      }),
      fc.record({ type: fc.constant('ChangePassword' as const) }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.constantFrom(...times)), { maxLength: 20 }), (steps) => {
        let state = credential.initial;
        const used: string[] = [];
        let newest = 0;
        for (const [wanted, at] of steps) {
          const command: CredentialCommand =
            wanted.type === 'RequestPasswordReset'
              ? request(wanted.requestedBy, `hash-${newest + 1}`)
              : wanted.type === 'CompletePasswordReset'
                ? complete(`hash-${wanted.link}`)
                : { type: 'ChangePassword', ...about };
          const decision = credential.decide(command, state, {
            now: at,
            actor: { type: 'user', id: 'usr_1' },
          });
          if (isRefusal(decision)) continue;
          state = decision.reduce(credential.evolve, state);
          if (wanted.type === 'RequestPasswordReset') newest++;
          if (wanted.type !== 'CompletePasswordReset') continue;
          expect(wanted.link).toBe(newest);
          used.push(`hash-${wanted.link}`);
        }
        expect(new Set(used).size).toBe(used.length);
      }),
    );
  });
});
