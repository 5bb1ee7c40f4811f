import { Body, Controller, Delete, Get, HttpCode, Patch, Put, Query } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { Call, PathId, ReadQuery } from '#http';
import { Queries } from '#queries';
import {
  RenameOrganization,
  RequestOrganizationDeletion,
  SetDomainSignupPolicy,
  SetLimits,
} from './organization.commands.ts';
import { GetOrganization, GetSummary } from './organizations.queries.ts';

@Controller('v1/organizations/:organizationId')
export class OrganizationsController {
  readonly #commands: Commands;
  readonly #queries: Queries;

  constructor(commands: Commands, queries: Queries) {
    this.#commands = commands;
    this.#queries = queries;
  }

  @Get()
  get(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new GetOrganization(), { organizationId }, call);
  }

  @Get('summary')
  summary(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new GetSummary(), { organizationId }, call);
  }

  @Patch()
  rename(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: RenameOrganization,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }

  @Put('sign-up-policy')
  setSignUpPolicy(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: SetDomainSignupPolicy,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }

  @Delete()
  @HttpCode(200)
  delete(@PathId('organizationId', 'org') organizationId: string, @Call() call: Call<Principal>) {
    return this.#commands.send(new RequestOrganizationDeletion(), { organizationId }, call);
  }
}

@Controller('v1/operations/organizations/:organizationId')
export class LimitsController {
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  @Put('limits')
  setLimits(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: SetLimits,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }
}
