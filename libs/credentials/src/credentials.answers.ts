import { count, either, flag, id, list, maybe, object, oneOf, orNull, receiptWith, text, time } from '#http';
import { me } from '#users';

const method = oneOf('totp', 'sms');

/** `token` for programs, `csrfToken` beside the cookie for the web. */
export const openedSession = object({
  token: maybe(text),
  csrfToken: maybe(text),
  expiresAt: time,
  user: me,
  twoFactorEnrolment: maybe(oneOf('required', 'asked')),
});

export const signedIn = either(
  openedSession,
  object({
    twoFactor: object({
      challengeId: text,
      methods: list(oneOf('totp', 'sms', 'recovery_code')),
      expiresAt: time,
    }),
  }),
);

export const codeSent = object({});

export const ownSessions = object({
  items: list(
    object({
      sessionId: id('ses'),
      current: flag,
      createdAt: time,
      lastSeenAt: time,
      expiresAt: time,
      sourceIp: orNull(text),
      userAgent: orNull(text),
      secondFactor: flag,
    }),
  ),
  total: count,
});

export const ownTwoFactor = object({
  method: orNull(method),
  number: orNull(text),
  enrolledAt: orNull(time),
  recoveryCodesLeft: count,
  required: flag,
});

export const begunTwoFactor = either(
  object({ method: oneOf('totp'), secret: text, otpauthUri: text, qrSvg: text, expiresAt: time }),
  object({ method: oneOf('sms'), number: text, expiresAt: time }),
);

export const enrolledTwoFactor = receiptWith({ method, recoveryCodes: list(text) });

export const disabledTwoFactor = receiptWith({ method: orNull(method) });

export const renewedRecoveryCodes = receiptWith({ recoveryCodes: list(text) });

export const changedPassword = receiptWith({ changedAt: time });

export const resetAccepted = object({ accepted: oneOf(true) });

export const completedReset = receiptWith({ userId: id('usr'), changedAt: time });

export const resetPassword = receiptWith({ userId: id('usr'), requestedAt: time, expiresAt: time });

export const resetTwoFactor = receiptWith({ userId: id('usr') });
