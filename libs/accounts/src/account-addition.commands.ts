import { OrgledgerCommand } from '#commands';
import { IsId, OneOf } from '#http';
import type { AdditionKind } from './account-addition.ts';

/** ACC-05, ACC-06. */
export class RequestAccountAddition extends OrgledgerCommand {
  organizationId!: string;
  @IsId('acc') accountId!: string;
  @OneOf(['managed', 'independent']) kind!: AdditionKind;
}

/** AMB-26: for a managed one the owner becomes a managed user too. */
export class ConfirmAccountAddition extends OrgledgerCommand {
  additionId!: string;
}

export class DeclineAccountAddition extends OrgledgerCommand {
  additionId!: string;
}

/** The product's own, when the owner could not join after all. */
export class RevertAccountAddition extends OrgledgerCommand {
  additionId!: string;
  reason!: string;
}

/** The product's own, when the time has come. */
export class ExpireAccountAddition extends OrgledgerCommand {
  additionId!: string;
}
