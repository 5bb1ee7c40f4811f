import { OrgledgerCommand } from '#commands';
import { EmailAddress, Text } from '#http';

export class ChangePassword extends OrgledgerCommand {
  userId!: string;
  @Text({ max: 1_024 }) currentPassword!: string;
  @Text({ max: 1_024 }) newPassword!: string;
}

/** USR-12, by whoever knows the address. */
export class RequestPasswordReset extends OrgledgerCommand {
  @EmailAddress() email!: string;
}

/** USR-12, by an administrator. */
export class ResetPassword extends OrgledgerCommand {
  organizationId!: string;
  userId!: string;
}

export class CompletePasswordReset extends OrgledgerCommand {
  @Text({ max: 512 }) token!: string;
  @Text({ max: 1_024 }) newPassword!: string;
}

/** The product's own, when the time has come. */
export class ExpirePasswordReset extends OrgledgerCommand {
  userId!: string;
  generation!: number;
}

/** The product's own: the password that came with the command that won becomes the person's. */
export class AdoptPassword extends OrgledgerCommand {
  userId!: string;
  from!: string;
  at?: string;
}

/** The product's own, after an administrator's reset. */
export class ForgetPassword extends OrgledgerCommand {
  userId!: string;
  at!: string;
}

/** The product's own: a password that was chosen by whoever signed up counts no more until the address is proved. */
export class AskForProof extends OrgledgerCommand {
  userId!: string;
}

/** SEC-05: the code proves that the person holds what was begun. */
export class EnrolTwoFactor extends OrgledgerCommand {
  userId!: string;
  @Text({ max: 32 }) code!: string;
}

export class DisableTwoFactor extends OrgledgerCommand {
  userId!: string;
  @Text({ max: 1_024 }) currentPassword!: string;
}

export class RenewRecoveryCodes extends OrgledgerCommand {
  userId!: string;
  @Text({ max: 1_024 }) currentPassword!: string;
}

/** USR-13. */
export class ResetTwoFactor extends OrgledgerCommand {
  organizationId!: string;
  userId!: string;
}

/** The product's own: brings the store of second factors to what the log says. */
export class FollowTwoFactor extends OrgledgerCommand {
  userId!: string;
}

/** For the history: somebody signed in with one; no route leads here. */
export class UseRecoveryCode extends OrgledgerCommand {
  userId!: string;
  organizationId!: string | null;
  left!: number;
}

/** The product's own: a used reset link proves the address. */
export class ProveAddress extends OrgledgerCommand {
  userId!: string;
}
