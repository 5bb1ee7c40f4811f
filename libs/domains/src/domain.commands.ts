import { IsArray, IsOptional } from 'class-validator';
import { OrgledgerCommand } from '#commands';
import { OneOf, Text } from '#http';
import type { VerificationMethod } from './domain.events.ts';

const methods = ['dns_txt', 'https_file'];

export class AddDomain extends OrgledgerCommand {
  organizationId!: string;
  @Text({ max: 300 }) domain!: string;
  @OneOf(methods) method!: VerificationMethod;
}

export class VerifyDomain extends OrgledgerCommand {
  organizationId!: string;
  domainId!: string;
}

export class ChangeVerificationMethod extends OrgledgerCommand {
  organizationId!: string;
  domainId!: string;
  @OneOf(methods) method!: VerificationMethod;
}

export class DeleteDomain extends OrgledgerCommand {
  organizationId!: string;
  domainId!: string;
  @IsOptional() @IsArray() @Text({ max: 100, each: true }) acknowledgements?: string[];
}

/** The product's own, when a domain was deleted. */
export class ReleaseDomainSlot extends OrgledgerCommand {
  organizationId!: string;
  domainId!: string;
}

/** After a lapse, when the domain is verified again (DOM-15). */
export class RestoreUsers extends OrgledgerCommand {
  organizationId!: string;
  domainId!: string;
}

/** The product's own, every day (DOM-12). */
export class RecheckDomain extends OrgledgerCommand {
  organizationId!: string;
  domainId!: string;
  dueAt!: string;
}

/** The product's own, on some days of the 30 (DOM-13). */
export class RemindUnvalidatedDomain extends OrgledgerCommand {
  organizationId!: string;
  domainId!: string;
}

/** The product's own, after the 30 days (DOM-15). */
export class LapseDomain extends OrgledgerCommand {
  organizationId!: string;
  domainId!: string;
}

/** The product's own: nobody proved it (AMB-11). */
export class ExpirePendingDomain extends OrgledgerCommand {
  organizationId!: string;
  domainId!: string;
}

/** The product's own: one step of what a lapse began. */
export class RemoveLapsedUsers extends OrgledgerCommand {
  organizationId!: string;
  domainId!: string;
  lapseId!: string;
  /** The last person of the step before; empty: from the beginning. */
  after!: string;
  /** How many are still to be removed. */
  remaining!: number;
}

/** The product's own: one step of what `RestoreUsers` began. */
export class BringUsersBack extends OrgledgerCommand {
  organizationId!: string;
  domainId!: string;
  /** The last person of the step before. */
  after!: string;
}
