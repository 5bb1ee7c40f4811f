import { IsBoolean, IsOptional } from 'class-validator';
import { OrgledgerCommand } from '#commands';
import { IsId, ListOf, OneOf, Text } from '#http';
import { type AccountRole, accountRoles } from '#kernel';
import type { Called, Cause } from './account.events.ts';

/** ORG-08, AMB-25; also the product's own, for the first account of somebody who signs up. */
export class CreateAccount extends OrgledgerCommand {
  organizationId!: string;
  accountId?: string;
  @Text({ max: 255 }) name!: string;
  @IsOptional() @IsId('usr') ownerId?: string;
}

export class UpdateAccount extends OrgledgerCommand {
  accountId!: string;
  @Text({ max: 255 }) name!: string;
}

/** ACC-12. */
export class RequireAccountTwoFactor extends OrgledgerCommand {
  accountId!: string;
  @IsBoolean() required!: boolean;
}

export class SuspendAccount extends OrgledgerCommand {
  accountId!: string;
}

export class ReactivateAccount extends OrgledgerCommand {
  accountId!: string;
}

/** ACC-10. */
export class CloseAccount extends OrgledgerCommand {
  accountId!: string;
  @IsOptional() @Text({ max: 100, each: true }) @ListOf({ max: 20 }) acknowledgements?: string[];
}

/** ACC-07; also the product's own, when the one who owned it left the organization. */
export class TransferAccountOwnership extends OrgledgerCommand {
  accountId!: string;
  @IsId('usr') newOwnerId!: string;
  organizationId?: string;
  from?: string;
  cause?: Cause;
}

/** ROL-06, ROL-07; a managed user without access gets it (ROL-02). */
export class ChangeAccountRoles extends OrgledgerCommand {
  accountId!: string;
  userId!: string;
  @OneOf(accountRoles, { each: true }) @ListOf({ max: 5 }) roles!: AccountRole[];
  @IsOptional() @IsBoolean() confirmAdministratorDowngrade?: boolean;
}

export class RemoveAccountUser extends OrgledgerCommand {
  accountId!: string;
  userId!: string;
  @IsOptional() @Text({ max: 100, each: true }) @ListOf({ max: 20 }) acknowledgements?: string[];
}

/** ACC-06. */
export class RelinquishIndependentAccount extends OrgledgerCommand {
  organizationId!: string;
  accountId!: string;
  @IsOptional() @Text({ max: 100, each: true }) @ListOf({ max: 20 }) acknowledgements?: string[];
}

/** The product's own, after somebody asked for the closure. */
export class FinishClosure extends OrgledgerCommand {
  accountId!: string;
}

/** The product's own: somebody left the organization of the account. */
export class RevokeAccountAccess extends OrgledgerCommand {
  accountId!: string;
  organizationId!: string;
  userId!: string;
  cause!: Cause;
}

/** The product's own: an account follows its Owner into an organization, when the Owner is there. */
export class AttachAccount extends OrgledgerCommand {
  accountId!: string;
  organizationId!: string;
  /** Where it is now; it is attached only from there. */
  from!: string | null;
  cause!: Cause;
}

/** The product's own: the Owner left the organization and keeps the account (USR-09). */
export class DetachAccount extends OrgledgerCommand {
  accountId!: string;
  organizationId!: string;
  ownerId!: string;
  cause!: Cause;
}

/** The product's own: an organization gets to see an independent account. */
export class ShareAccount extends OrgledgerCommand {
  accountId!: string;
  organizationId!: string;
  ownerId!: string;
  cause!: Cause;
}

/** The product's own: whoever owns an account belongs to its organization, whatever happened at the same moment. */
export class SettleAccountOwner extends OrgledgerCommand {
  accountId!: string;
}

/** The product's own: access that was given at once is for managed users of the account's organization. */
export class SettleAccountAccess extends OrgledgerCommand {
  accountId!: string;
  userId!: string;
}

/** The product's own: accounts keep what people are called, as do the organizations that see them (USR-02). */
export class TellAccountsOfUser extends OrgledgerCommand {
  userId!: string;
}

/** The product's own: an account hears what somebody is called now, where that is not what it was told of them. */
export class TellAccountOfUser extends OrgledgerCommand {
  accountId!: string;
  userId!: string;
  told!: Called;
}

/** The product's own: what somebody who left the organization still owned or had access to there. */
export class SettleRemovedUser extends OrgledgerCommand {
  /** Null: everywhere, because the person is gone. */
  organizationId!: string | null;
  userId!: string;
}
