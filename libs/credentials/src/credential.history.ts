import type { Catalogue } from '#kernel';
import type { CredentialEvent } from './credential.ts';

export const credentialHistory: Catalogue<CredentialEvent['type']> = {
  PasswordChanged: { summary: 'A person changed their password.' },
  PasswordResetRequested: { summary: 'A link to choose a new password was requested.' },
  PasswordResetCompleted: { summary: 'A person chose a new password by a mailed link.' },
  PasswordResetExpired: { summary: 'A link to choose a new password expired.' },
  SessionsRevoked: { summary: 'The sessions of a person were ended.' },
  TwoFactorEnrolled: { summary: 'A person set up a second factor.' },
  TwoFactorDisabled: { summary: 'A person gave up their second factor.' },
  TwoFactorReset: { summary: 'The second factor of a person was taken away by an administrator.' },
  RecoveryCodesRenewed: { summary: 'A person made new recovery codes.' },
  RecoveryCodeUsed: { summary: 'A person signed in with a recovery code.' },
};
