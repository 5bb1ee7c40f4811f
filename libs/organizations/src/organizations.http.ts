import { Body, Controller, Delete, Get, HttpCode, Patch, Put, Query } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { Answers, Call, PathId, ReadQuery, receipt, Told } from '#http';
import { Queries } from '#queries';
import {
  RenameOrganization,
  RequestOrganizationDeletion,
  SetDomainSignupPolicy,
  SetLimits,
} from './organization.commands.ts';
import {
  changedSignUpPolicy,
  organization,
  organizationLimits,
  renamedOrganization,
  summary,
} from './organizations.answers.ts';
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
  @Answers(organization)
  @Told('The organization, with its Owner and its sign-up policy.')
  get(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new GetOrganization(), { organizationId }, call);
  }

  @Get('summary')
  @Answers(summary)
  @Told('How many people, accounts, domains and invitations it has.')
  summary(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new GetSummary(), { organizationId }, call);
  }

  @Patch()
  @Answers(renamedOrganization)
  @Told('Renames the organization.', 'organization_merging')
  rename(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: RenameOrganization,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }

  @Put('sign-up-policy')
  @Answers(changedSignUpPolicy)
  @Told(
    'Says what becomes of people who sign up with an address of a verified domain.',
    'organization_merging',
  )
  setSignUpPolicy(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: SetDomainSignupPolicy,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }

  @Delete()
  @HttpCode(200)
  @Answers(receipt)
  @Told(
    'Asks to delete the organization, which is always refused: it ends by a merge.',
    'organization_deletion_not_available',
    'organization_merging',
  )
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
  @Answers(organizationLimits)
  @Told(
    'Limits how many managed users and accounts an organization may have; null lifts a limit.',
    'not_found',
  )
  setLimits(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: SetLimits,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }
}
