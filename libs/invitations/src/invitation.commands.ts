import { Type } from 'class-transformer';
import { IsOptional, ValidateNested } from 'class-validator';
import { OrgledgerCommand } from '#commands';
import { EmailAddress, IsId, ListOf, OneOf, Text } from '#http';
import { type AccountRole, accountRoles, type OrganizationRole } from '#kernel';
import type { Delivery } from './invitation-delivery.ts';

export class OfferedAccount {
  @IsId('acc') accountId!: string;
  @OneOf(accountRoles, { each: true }) @ListOf({ max: 5 }) roles!: AccountRole[];
}

/** INV-01, INV-13. */
export class SendInvite extends OrgledgerCommand {
  organizationId!: string;
  @EmailAddress() email!: string;
  @OneOf(['administrator', 'standard_user', 'owner']) role!: OrganizationRole;
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => OfferedAccount)
  @ListOf({ max: 100 })
  accounts?: OfferedAccount[];
}

/** INV-02: access at once for a managed user of the organization, a mail for everybody else. */
export class InviteToAccount extends OrgledgerCommand {
  accountId!: string;
  @EmailAddress() email!: string;
  @OneOf(accountRoles, { each: true }) @ListOf({ max: 5 }) roles!: AccountRole[];
}

/** INV-05, INV-06; found by the organization or by an account that it offers. */
export class ResendInvite extends OrgledgerCommand {
  organizationId?: string;
  accountId?: string;
  invitationId!: string;
}

export class CancelInvite extends OrgledgerCommand {
  organizationId?: string;
  accountId?: string;
  invitationId!: string;
}

/** A new person sets a name and a password here; an existing one must be signed in. */
export class AcceptInvite extends OrgledgerCommand {
  @Text({ max: 512 }) token!: string;
  @IsOptional() @Text({ max: 1_024 }) password?: string;
  @IsOptional() @Text({ max: 255 }) givenName?: string;
  @IsOptional() @Text({ max: 255 }) familyName?: string;
}

export class DeclineInvite extends OrgledgerCommand {
  @Text({ max: 512 }) token!: string;
}

/** The product's own, when the time has come (INV-04). */
export class ExpireInvite extends OrgledgerCommand {
  invitationId!: string;
  generation!: number;
}

/** The product's own, when a joining was refused after all. */
export class RevertAcceptance extends OrgledgerCommand {
  invitationId!: string;
  reason!: string;
}

/** The product's own, when access to one of several accounts, or a joining beside it, was refused after all. */
export class RecordRefusedPart extends OrgledgerCommand {
  invitationId!: string;
  accountId!: string | null;
  reason!: string;
}

/** The product's own: an accepted invitation gives what it offered. */
export class GrantAccountAccess extends OrgledgerCommand {
  invitationId!: string;
  accountId!: string;
  userId!: string;
  roles!: AccountRole[];
}

/** The product's own, when an account was closed. */
export class CancelInvitationsOfAccount extends OrgledgerCommand {
  accountId!: string;
}

/** The product's own, when a domain was deleted. */
export class CancelInvitationsOfDomain extends OrgledgerCommand {
  organizationId!: string;
  domain!: string;
  /** When it was deleted: what was sent later, after it was added again, stays. */
  before!: string;
}

/** The product's own, when the mail server has spoken. */
export class ReportInvitationMail extends OrgledgerCommand {
  invitationId!: string;
  organizationId!: string | null;
  userId!: string;
  generation!: number;
  delivery!: Delivery;
}
