import { IsOptional } from 'class-validator';
import { OrgledgerCommand } from '#commands';
import { CountOrNull, OneOf, Text } from '#http';
import type { SignUpPolicy } from './organization.ts';

export class RenameOrganization extends OrgledgerCommand {
  organizationId!: string;
  @Text({ max: 255 }) name!: string;
}

/** DOM-20. */
export class SetDomainSignupPolicy extends OrgledgerCommand {
  organizationId!: string;
  @OneOf(['invite_only', 'auto_join', 'outside']) policy!: SignUpPolicy;
}

/** USR-18, ACC-11: by an operator; null lifts a limit. */
export class SetLimits extends OrgledgerCommand {
  organizationId!: string;
  @IsOptional() @CountOrNull({ max: 1_000_000_000 }) users?: number | null;
  @IsOptional() @CountOrNull({ max: 1_000_000_000 }) accounts?: number | null;
}

/** Always refused (AMB-01); it exists so that the refusal says why. */
export class RequestOrganizationDeletion extends OrgledgerCommand {
  organizationId!: string;
}

/** The product's own, when somebody signs up or asks for an organization. */
export class CreateOrganization extends OrgledgerCommand {
  organizationId!: string;
  name!: string;
  ownerId!: string;
  via!: 'sign_up' | 'request';
}
