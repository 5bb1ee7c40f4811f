import { OrgledgerCommand } from '#commands';
import { Text } from '#http';

export class RenameOrganization extends OrgledgerCommand {
  organizationId!: string;
  @Text({ max: 255 }) name!: string;
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
