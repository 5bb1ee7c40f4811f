import { IsBoolean, IsOptional } from 'class-validator';
import { OrgledgerCommand } from '#commands';
import { EmailAddress, IdMap, IsId, ListOf, OneOf, Text } from '#http';
import type { OrganizationRole } from '#kernel';
import type { Cause, LeavingReason, Via } from './user.events.ts';

const roles = ['owner', 'administrator', 'standard_user'];

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

/** ORG-05, AMB-14, AMB-27: somebody who is in no organization founds one. */
export class FoundOrganization extends OrgledgerCommand {
  @Text({ max: 255 }) name!: string;
}

/** AMB-18: names of 0 to 255 characters. */
export class UpdateProfile extends OrgledgerCommand {
  organizationId!: string;
  userId!: string;
  @IsOptional() @Text({ min: 0, max: 255 }) givenName?: string;
  @IsOptional() @Text({ min: 0, max: 255 }) familyName?: string;
}

/** AMB-17. */
export class ChangeEmail extends OrgledgerCommand {
  organizationId!: string;
  userId!: string;
  @EmailAddress() email!: string;
}

export class ChangeOrganizationRole extends OrgledgerCommand {
  organizationId!: string;
  userId!: string;
  @OneOf(roles) role!: OrganizationRole;
}

/** SEC-05. */
export class RequireTwoFactor extends OrgledgerCommand {
  organizationId!: string;
  userId!: string;
  @IsBoolean() required!: boolean;
}

/** AMB-16. */
export class DeactivateUser extends OrgledgerCommand {
  organizationId!: string;
  userId!: string;
}

export class ReactivateUser extends OrgledgerCommand {
  organizationId!: string;
  userId!: string;
}

/** USR-08. */
export class RemoveUser extends OrgledgerCommand {
  organizationId!: string;
  userId!: string;
  @IsOptional() @Text({ max: 100, each: true }) @ListOf({ max: 20 }) acknowledgements?: string[];
  @IsOptional() @IdMap('acc', 'usr') accountOwners?: Record<string, string>;
}

/** USR-10. */
export class DeleteUser extends OrgledgerCommand {
  organizationId!: string;
  userId!: string;
  @IsOptional() @Text({ max: 100, each: true }) @ListOf({ max: 20 }) acknowledgements?: string[];
  @IsOptional() @IdMap('acc', 'usr') accountOwners?: Record<string, string>;
}

/** ORG-11. */
export class TransferOwnership extends OrgledgerCommand {
  organizationId!: string;
  @IsId('usr') newOwnerId!: string;
  @OneOf(roles) previousOwnerRole!: OrganizationRole;
}

/** The product's own: after a sign-up, an accepted invitation, an import, a merge. */
export class JoinOrganization extends OrgledgerCommand {
  userId!: string;
  organizationId!: string;
  role!: OrganizationRole;
  via!: Via;
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

/** The product's own: nobody is there to choose who owns the accounts, so the Organization Owner does (AMB-06). */
export class LeaveOrganization extends OrgledgerCommand {
  userId!: string;
  organizationId!: string;
  reason!: Exclude<LeavingReason, 'manual' | 'deleted'>;
  cause!: Cause | null;
  /** Accounts that they had access to, from whoever read many people at once; otherwise they are looked up. */
  accountIds?: readonly string[];
}

/** The product's own: a person's stream is told what the organization has said about its Owner. */
export class FollowOwnership extends OrgledgerCommand {
  userId!: string;
  organizationId!: string;
}

/** The product's own: the last invitation of a pending person takes the person with it (AMB-03). */
export class CloseInvitation extends OrgledgerCommand {
  userId!: string;
  invitationId!: string;
}

/** The product's own: everybody who has signed in as this person has to do it again (AMB-24). */
export class EndSessions extends OrgledgerCommand {
  userId!: string;
}

/** The product's own: nobody can sign in as this person any more. */
export class ForgetCredentials extends OrgledgerCommand {
  userId!: string;
}

/** The product's own: an address that somebody had is free again. */
export class ReleaseAddress extends OrgledgerCommand {
  userId!: string;
  email!: string;
  /** When it stopped being theirs; what they took again since stays. */
  before?: string;
}

/** The product's own: everything that was kept of a deleted person is unreadable or gone (USR-10). */
export class EraseUserData extends OrgledgerCommand {
  userId!: string;
}
