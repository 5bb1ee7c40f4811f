import { type Decider, type Event, type Refusal, refuse, unreachable } from '#kernel';

type Method = 'totp' | 'sms';

interface About {
  readonly userId: string;
  /** Where the person belonged then; null: nowhere. */
  readonly organizationId: string | null;
}

type Ending = 'password_changed' | 'password_reset' | 'two_factor_enrolled';

/** Changes of how a person proves who they are. No password, code, number or secret stands in any of them. */
export type CredentialEvent =
  | Event<'PasswordChanged', About & { changedAt: string }>
  | Event<
      'PasswordResetRequested',
      About & {
        requestedBy: 'anybody' | 'administrator';
        generation: number;
        tokenHash: string;
        /** Keyed hash of the address that the link is mailed to: only while it is the person's does it work. */
        addressHash: string;
        requestedAt: string;
        expiresAt: string;
      }
    >
  | Event<'PasswordResetCompleted', About & { generation: number; changedAt: string }>
  | Event<'PasswordResetExpired', About & { generation: number }>
  | Event<'SessionsRevoked', About & { reason: Ending }>
  | Event<'TwoFactorEnrolled', About & { method: Method; previousMethod: Method | null; factorId: string }>
  | Event<'TwoFactorDisabled', About & { previousMethod: Method; method: null; factorId: string }>
  | Event<'TwoFactorReset', About & { previousMethod: Method; method: null; factorId: string }>
  | Event<'RecoveryCodesRenewed', About & { factorId: string; batch: number }>
  | Event<'RecoveryCodeUsed', About & { factorId: string; left: number }>;

interface Reset {
  readonly generation: number;
  readonly requestedAt: string;
  readonly tokenHash: string;
  readonly addressHash: string;
  readonly expiresAt: string;
  readonly isOpen: boolean;
}

export interface Credential {
  readonly organizationId: string | null;
  /** The newest link; a newer one kills it. */
  readonly reset: Reset | null;
  /** True from an administrator's reset until the person has chosen a new password. */
  readonly passwordForgotten: boolean;
  readonly passwordChangedAt: string | null;
  readonly twoFactor: { readonly method: Method; readonly factorId: string; readonly batch: number } | null;
  /** An administrator took the second factor away, and there is no new one yet (USR-13). */
  readonly twoFactorWasReset: boolean;
}

export type CredentialCommand =
  | { readonly type: 'ExpirePasswordReset'; readonly userId: string; readonly generation: number }
  | (About &
      (
        | { readonly type: 'ChangePassword' }
        | {
            readonly type: 'RequestPasswordReset';
            readonly requestedBy: 'anybody' | 'administrator';
            readonly tokenHash: string;
            readonly addressHash: string;
            readonly expiresAt: string;
          }
        | { readonly type: 'CompletePasswordReset'; readonly tokenHash: string; readonly addressHash: string }
        | { readonly type: 'EnrolTwoFactor'; readonly method: Method; readonly factorId: string }
        | { readonly type: 'DisableTwoFactor' }
        | { readonly type: 'ResetTwoFactor' }
        | { readonly type: 'RenewRecoveryCodes' }
        | { readonly type: 'UseRecoveryCode'; readonly left: number }
      ));

/** Unknown, expired, superseded and used all look alike. */
export const linkInvalid: Refusal = refuse('missing', 'link_invalid', 'This link is not valid.');

export const passwordWrong: Refusal = refuse(
  'invalid',
  'password_wrong',
  'This is not your present password.',
);

const noSecondFactor: Refusal = refuse(
  'conflict',
  'two_factor_not_enrolled',
  'There is no second factor that such codes could stand for.',
);

const evolve = (state: Credential, event: CredentialEvent): Credential => {
  const { organizationId } = event.data;
  switch (event.type) {
    case 'PasswordChanged':
      return {
        ...state,
        organizationId,
        passwordChangedAt: event.data.changedAt,
        reset: state.reset && { ...state.reset, isOpen: false },
      };
    case 'PasswordResetRequested': {
      const { generation, tokenHash, addressHash, requestedAt, expiresAt, requestedBy } = event.data;
      return {
        ...state,
        organizationId,
        reset: { generation, tokenHash, addressHash, requestedAt, expiresAt, isOpen: true },
        passwordForgotten: state.passwordForgotten || requestedBy === 'administrator',
      };
    }
    case 'PasswordResetCompleted':
      return {
        ...state,
        organizationId,
        passwordForgotten: false,
        passwordChangedAt: event.data.changedAt,
        reset: state.reset && { ...state.reset, isOpen: false },
      };
    case 'PasswordResetExpired':
      return { ...state, organizationId, reset: state.reset && { ...state.reset, isOpen: false } };
    case 'SessionsRevoked':
    case 'RecoveryCodeUsed':
      return { ...state, organizationId };
    case 'TwoFactorEnrolled': {
      const { method, factorId } = event.data;
      return {
        ...state,
        organizationId,
        twoFactor: { method, factorId, batch: 1 },
        twoFactorWasReset: false,
      };
    }
    case 'TwoFactorDisabled':
      return { ...state, organizationId, twoFactor: null };
    case 'TwoFactorReset':
      return { ...state, organizationId, twoFactor: null, twoFactorWasReset: true };
    case 'RecoveryCodesRenewed':
      return {
        ...state,
        organizationId,
        twoFactor: state.twoFactor && { ...state.twoFactor, batch: event.data.batch },
      };
    default:
      return unreachable(event, state);
  }
};

export const credential: Decider<Credential, CredentialCommand, CredentialEvent> = {
  category: 'credential',
  initial: {
    organizationId: null,
    reset: null,
    passwordForgotten: false,
    passwordChangedAt: null,
    twoFactor: null,
    twoFactorWasReset: false,
  },
  evolve,
  organizationOf: ({ organizationId }) => organizationId,
  decide: (command, state, { now }) => {
    if (command.type === 'ExpirePasswordReset') return expired(command, state, now);
    const { userId, organizationId } = command;
    const about: About = { userId, organizationId };
    const revoked = (reason: Ending): CredentialEvent => ({
      type: 'SessionsRevoked',
      data: { ...about, reason },
    });
    switch (command.type) {
      case 'ChangePassword':
        if (state.passwordForgotten) return passwordWrong;
        return [{ type: 'PasswordChanged', data: { ...about, changedAt: now } }, revoked('password_changed')];
      case 'RequestPasswordReset': {
        const { requestedBy, tokenHash, addressHash, expiresAt } = command;
        const requested: CredentialEvent = {
          type: 'PasswordResetRequested',
          data: {
            ...about,
            requestedBy,
            generation: nextGeneration(state),
            tokenHash,
            addressHash,
            requestedAt: now,
            expiresAt,
          },
        };
        return requestedBy === 'administrator' ? [requested, revoked('password_reset')] : [requested];
      }
      case 'CompletePasswordReset': {
        const { tokenHash, addressHash } = command;
        const { reset } = state;
        if (!reset?.isOpen || reset.tokenHash !== tokenHash || reset.addressHash !== addressHash)
          return linkInvalid;
        if (now >= reset.expiresAt) return linkInvalid;
        return [
          {
            type: 'PasswordResetCompleted',
            data: { ...about, generation: reset.generation, changedAt: now },
          },
          revoked('password_reset'),
        ];
      }
      default:
        return decideTwoFactor(command, state);
    }
  },
};

const expired = (
  { userId, generation }: Extract<CredentialCommand, { type: 'ExpirePasswordReset' }>,
  { organizationId, reset }: Credential,
  now: string,
): readonly CredentialEvent[] =>
  reset?.isOpen && reset.generation === generation && now >= reset.expiresAt
    ? [{ type: 'PasswordResetExpired', data: { userId, organizationId, generation } }]
    : [];

/** USR-12: only the newest link works, so every link has a number of its own. */
export const nextGeneration = ({ reset }: Credential): number => (reset?.generation ?? 0) + 1;

type OfTwoFactor = Extract<
  CredentialCommand,
  {
    type: 'EnrolTwoFactor' | 'DisableTwoFactor' | 'ResetTwoFactor' | 'RenewRecoveryCodes' | 'UseRecoveryCode';
  }
>;

const decideTwoFactor = (
  command: OfTwoFactor,
  { twoFactor }: Credential,
): readonly CredentialEvent[] | Refusal => {
  const { userId, organizationId } = command;
  const about: About = { userId, organizationId };
  if (command.type === 'EnrolTwoFactor') {
    const { method, factorId } = command;
    if (twoFactor?.factorId === factorId) return [];
    const previousMethod = twoFactor?.method ?? null;
    return [
      { type: 'TwoFactorEnrolled', data: { ...about, method, previousMethod, factorId } },
      { type: 'SessionsRevoked', data: { ...about, reason: 'two_factor_enrolled' } },
    ];
  }
  if (!twoFactor) return command.type === 'RenewRecoveryCodes' ? noSecondFactor : [];
  const { factorId, method: previousMethod, batch } = twoFactor;
  switch (command.type) {
    case 'DisableTwoFactor':
      return [{ type: 'TwoFactorDisabled', data: { ...about, previousMethod, method: null, factorId } }];
    case 'ResetTwoFactor':
      return [{ type: 'TwoFactorReset', data: { ...about, previousMethod, method: null, factorId } }];
    case 'RenewRecoveryCodes':
      return [{ type: 'RecoveryCodesRenewed', data: { ...about, factorId, batch: batch + 1 } }];
    case 'UseRecoveryCode':
      return [{ type: 'RecoveryCodeUsed', data: { ...about, factorId, left: command.left } }];
    default:
      return unreachable(command, []);
  }
};
