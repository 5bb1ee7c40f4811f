import { IsArray, IsOptional } from 'class-validator';
import { OrgledgerCommand } from '#commands';
import { OneOf, Text } from '#http';
import type { VerificationMethod } from './domain.ts';

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
