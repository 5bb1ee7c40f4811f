import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { Answers, Call, PathId, Told } from '#http';
import { Queries } from '#queries';
import { CreateApiKey, RevokeApiKey } from './api-key.commands.ts';
import { apiKeys, createdApiKey, revokedApiKey } from './api-keys.answers.ts';
import { ApiKeysQuery, ListApiKeys } from './api-keys.queries.ts';

@Controller('v1/organizations/:organizationId/api-keys')
export class ApiKeysController {
  readonly #commands: Commands;
  readonly #queries: Queries;

  constructor(commands: Commands, queries: Queries) {
    this.#commands = commands;
    this.#queries = queries;
  }

  @Post()
  @Answers(createdApiKey)
  @Told(
    'Makes a key; its secret is shown in this answer only.',
    'owner_role_by_transfer_only',
    'expires_in_the_past',
  )
  create(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: CreateApiKey,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }

  @Get()
  @Answers(apiKeys)
  @Told('The keys that were not revoked, with when they were used last.')
  list(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() query: ApiKeysQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListApiKeys(), query), { organizationId }, call);
  }

  @Delete(':apiKeyId')
  @Answers(revokedApiKey)
  @Told('Revokes a key at once.', 'not_found')
  revoke(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('apiKeyId', 'key') apiKeyId: string,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(new RevokeApiKey(), { organizationId, apiKeyId }, call);
  }
}
