export { type Challenge, Challenges, challengeIndexes } from './challenges.ts';
export * from './credentials.ts';
export * from './guess-limits.ts';
export * from './passwords.ts';
export * from './rate-limit.ts';
export * from './sessions.ts';
export { base32, otpauthUri } from './totp.ts';
export { enrolmentIndexes, type TwoFactor, type TwoFactorMethod, TwoFactors } from './two-factors.ts';
export * from './weak-passwords.ts';
