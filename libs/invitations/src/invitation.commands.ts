import { IsOptional } from 'class-validator';
import { OrgledgerCommand } from '#commands';
import { EmailAddress, OneOf, Text } from '#http';
import type { OrganizationRole } from '#kernel';
import type { Delivery } from './invitation-delivery.ts';

/** INV-01. */
export class SendInvite extends OrgledgerCommand {
  organizationId!: string;
  @EmailAddress() email!: string;
  @OneOf(['administrator', 'standard_user', 'owner']) role!: OrganizationRole;
}

/** INV-05, INV-06. */
export class ResendInvite extends OrgledgerCommand {
  organizationId!: string;
  invitationId!: string;
}

export class CancelInvite extends OrgledgerCommand {
  organizationId!: string;
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
  organizationId!: string;
  userId!: string;
  generation!: number;
  delivery!: Delivery;
}
