import { OrgledgerCommand } from '#commands';
import { Text } from '#http';

export class UpdateAccount extends OrgledgerCommand {
  accountId!: string;
  @Text({ max: 255 }) name!: string;
}

/** The product's own, for the first account of somebody who signs up. */
export class CreateAccount extends OrgledgerCommand {
  accountId!: string;
  organizationId!: string;
  name!: string;
  ownerId!: string;
}
