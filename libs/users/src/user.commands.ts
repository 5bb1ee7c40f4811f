import { IsOptional } from 'class-validator';
import { OrgledgerCommand } from '#commands';
import { EmailAddress, Text } from '#http';
import type { OrganizationRole } from '#kernel';

/** ORG-04: a person, their organization and its first account. */
export class SignUp extends OrgledgerCommand {
  @EmailAddress() email!: string;
  @Text({ max: 1_024 }) password!: string;
  @Text({ min: 0, max: 255 }) givenName!: string;
  @Text({ min: 0, max: 255 }) familyName!: string;
  @IsOptional() @Text({ max: 255 }) organizationName?: string;
  @IsOptional() @Text({ max: 255 }) accountName?: string;
}

export class VerifyEmail extends OrgledgerCommand {
  @Text({ max: 512 }) token!: string;
}

export class RequestEmailVerification extends OrgledgerCommand {
  userId!: string;
}

/** AMB-18: names of 0 to 255 characters. */
export class UpdateProfile extends OrgledgerCommand {
  organizationId!: string;
  userId!: string;
  @IsOptional() @Text({ min: 0, max: 255 }) givenName?: string;
  @IsOptional() @Text({ min: 0, max: 255 }) familyName?: string;
}

/** The product's own: after a sign-up, an accepted invitation. */
export class JoinOrganization extends OrgledgerCommand {
  userId!: string;
  organizationId!: string;
  role!: OrganizationRole;
  via!: 'sign_up' | 'request' | 'invitation';
  invitationId!: string | null;
  givenName?: string | null;
  familyName?: string | null;
}

/** The product's own: somebody came by an invitation to an account. */
export class ActivateInvitee extends OrgledgerCommand {
  userId!: string;
  givenName?: string | null;
  familyName?: string | null;
}

/** The product's own: the last invitation of a pending person takes the person with it (AMB-03). */
export class CloseInvitation extends OrgledgerCommand {
  userId!: string;
  invitationId!: string;
}
