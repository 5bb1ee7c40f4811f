import { Body, Controller, Get, HttpCode, Post, Put, Query } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { Answers, Call, PathId, Produces, ReadQuery, receipt, Told } from '#http';
import { Queries } from '#queries';
import {
  AddDomain,
  ChangeVerificationMethod,
  DeleteDomain,
  RestoreUsers,
  VerifyDomain,
} from './domain.commands.ts';
import { changedDomain, checkedDomain, domain, domains, restoredUsers } from './domains.answers.ts';
import { DomainsQuery, GetDomain, GetVerificationFile, ListDomains } from './domains.queries.ts';

@Controller('v1/organizations/:organizationId/domains')
export class DomainsController {
  readonly #commands: Commands;
  readonly #queries: Queries;

  constructor(commands: Commands, queries: Queries) {
    this.#commands = commands;
    this.#queries = queries;
  }

  @Post()
  @Answers(changedDomain)
  @Told(
    'Adds a domain.',
    'domain_invalid',
    'bare_domain_required',
    'public_suffix',
    'common_domain',
    'domain_already_added',
    'domain_limit_reached',
  )
  add(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: AddDomain,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }

  @Get()
  @Answers(domains)
  @Told('Lists the organization’s domains.')
  list(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() query: DomainsQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListDomains(), query), { organizationId }, call);
  }

  @Get(':domainId')
  @Answers(domain)
  @Told('One domain, with the proof that is asked for and the last look at it.')
  get(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('domainId', 'dom') domainId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new GetDomain(), { organizationId, domainId }, call);
  }

  @Get(':domainId/verification-file')
  @Produces('text/html')
  @Told('The file that proves the domain over HTTPS, ready to be put there.')
  file(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('domainId', 'dom') domainId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new GetVerificationFile(), { organizationId, domainId }, call);
  }

  @Post(':domainId/verify')
  @Answers(checkedDomain)
  @Told('Looks for the proof now.', 'domain_taken', 'domain_invalid', 'domain_expired')
  @HttpCode(200)
  verify(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('domainId', 'dom') domainId: string,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(new VerifyDomain(), { organizationId, domainId }, call);
  }

  @Put(':domainId/method')
  @Answers(changedDomain)
  @Told('Chooses another way of proving it.', 'domain_expired')
  changeMethod(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('domainId', 'dom') domainId: string,
    @Body() command: ChangeVerificationMethod,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId, domainId }, call);
  }

  @Post(':domainId/delete')
  @Answers(receipt)
  @Told('Deletes a domain; its users stay.', 'acknowledgements_required')
  @HttpCode(200)
  delete(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('domainId', 'dom') domainId: string,
    @Body() command: DeleteDomain,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId, domainId }, call);
  }

  @Post(':domainId/restore-users')
  @Answers(restoredUsers)
  @Told(
    'Brings back whom a lapse removed; of them the first thousand are named, and usersTotal counts all.',
    'domain_unverified',
    'domain_unvalidated',
  )
  @HttpCode(200)
  restoreUsers(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('domainId', 'dom') domainId: string,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(new RestoreUsers(), { organizationId, domainId }, call);
  }
}
