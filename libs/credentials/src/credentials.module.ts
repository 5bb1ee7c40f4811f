import { type Noun, rowsOf, systemOnly } from '#commands';
import { notFound } from '#kernel';
import { user } from '#users';
import { AskedWithPassword } from './asked-with-password.ts';
import { AuthenticationGuard } from './authentication.guard.ts';
import {
  AdoptPassword,
  AskForProof,
  ExpirePasswordReset,
  FollowTwoFactor,
  ForgetPassword,
  ProveAddress,
  UseRecoveryCode,
} from './credential.commands.ts';
import { credentialHistory } from './credential.history.ts';
import { passwordResetMail, twoFactorResetMail } from './credential.mails.ts';
import { credential } from './credential.ts';
import { CredentialKeeper } from './credential-keeper.ts';
import { OwnCredentialsController } from './me.http.ts';
import { OwnPassword } from './own-password.ts';
import { OwnSessions } from './own-sessions.ts';
import {
  AdoptPasswordHandler,
  AskForProofHandler,
  ChangePasswordHandler,
  CompletePasswordResetHandler,
  ForgetPasswordHandler,
  ResetPasswordHandler,
} from './password.handlers.ts';
import { PasswordLinks } from './password-links.ts';
import { passwordResetExpiry } from './password-reset-expiry.timer.ts';
import { RequestPasswordResetHandler } from './password-reset-request.handler.ts';
import { PasswordResetsController, UserCredentialsController } from './resets.http.ts';
import { SecondFactorRequirement } from './second-factor-requirement.ts';
import { SentCodes } from './sent-codes.ts';
import { SessionCookie } from './session-cookie.ts';
import { SignInController } from './sign-in.http.ts';
import { SignIn } from './sign-in.ts';
import {
  DisableTwoFactorHandler,
  EnrolTwoFactorHandler,
  FollowTwoFactorHandler,
  RenewRecoveryCodesHandler,
  ResetTwoFactorHandler,
} from './two-factor.handlers.ts';
import { TwoFactorSetUp } from './two-factor-set-up.ts';
import { whenAdministratorResetAPasswordForgetIt } from './when-administrator-reset-a-password-forget-it.policy.ts';
import { whenCredentialWasResetMailIt } from './when-credential-was-reset-mail-it.policy.ts';
import { whenPasswordChangedAdoptIt } from './when-password-changed-adopt-it.policy.ts';
import { whenSomebodyUnprovedWasBroughtInAskForAProof } from './when-somebody-unproved-was-brought-in-ask-for-a-proof.policy.ts';
import { whenTwoFactorChangedFollowIt } from './when-two-factor-changed-follow-it.policy.ts';

const credentialRow = rowsOf(credential);
const userRow = rowsOf(user);
const id = ({ userId }: { userId: string }) => userId;

export const credentialsNoun: Noun = {
  name: 'credentials',
  catalogue: credentialHistory,
  commands: [
    AdoptPassword,
    AskForProof,
    ForgetPassword,
    ExpirePasswordReset,
    FollowTwoFactor,
    UseRecoveryCode,
    ProveAddress,
  ],
  controllers: [
    SignInController,
    OwnCredentialsController,
    PasswordResetsController,
    UserCredentialsController,
  ],
  providers: [
    AuthenticationGuard,
    SignIn,
    SessionCookie,
    SentCodes,
    SecondFactorRequirement,
    OwnPassword,
    OwnSessions,
    AskedWithPassword,
    TwoFactorSetUp,
    PasswordLinks,
    CredentialKeeper,
    ChangePasswordHandler,
    RequestPasswordResetHandler,
    ResetPasswordHandler,
    CompletePasswordResetHandler,
    AdoptPasswordHandler,
    ForgetPasswordHandler,
    AskForProofHandler,
    EnrolTwoFactorHandler,
    DisableTwoFactorHandler,
    RenewRecoveryCodesHandler,
    ResetTwoFactorHandler,
    FollowTwoFactorHandler,
  ],
  policies: [
    whenPasswordChangedAdoptIt,
    whenAdministratorResetAPasswordForgetIt,
    whenSomebodyUnprovedWasBroughtInAskForAProof,
    whenTwoFactorChangedFollowIt,
    whenCredentialWasResetMailIt,
  ],
  timers: [passwordResetExpiry],
  mails: [passwordResetMail, twoFactorResetMail],
  rows: [
    credentialRow({
      on: ExpirePasswordReset,
      id,
      authorize: systemOnly,
      command: ({ userId, generation }) => ({ type: 'ExpirePasswordReset', userId, generation }),
    }),
    credentialRow({
      on: UseRecoveryCode,
      id,
      authorize: (principal, _state, { userId }) => (principal.userId === userId ? undefined : notFound),
      command: ({ userId, organizationId, left }) => ({
        type: 'UseRecoveryCode',
        userId,
        organizationId,
        left,
      }),
    }),
    userRow({
      on: ProveAddress,
      id,
      authorize: systemOnly,
      command: () => ({ type: 'ProveAddress', via: 'reset_link' }),
    }),
  ],
};
