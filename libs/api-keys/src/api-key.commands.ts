import { IsOptional } from 'class-validator';
import { OrgledgerCommand } from '#commands';
import { IsoTime, OneOf, Text } from '#http';

export class CreateApiKey extends OrgledgerCommand {
  organizationId!: string;
  @Text({ max: 255 }) name!: string;
  @OneOf(['administrator', 'auditor', 'standard_user', 'owner']) role!:
    | 'administrator'
    | 'auditor'
    | 'standard_user'
    | 'owner';
  @IsOptional() @IsoTime() expiresAt?: string;
}

export class RevokeApiKey extends OrgledgerCommand {
  organizationId!: string;
  apiKeyId!: string;
}
