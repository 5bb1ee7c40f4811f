import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { Answers, Call, PathId, ReadQuery, Told } from '#http';
import { Queries } from '#queries';
import {
  ConfirmAccountAddition,
  DeclineAccountAddition,
  RequestAccountAddition,
} from './account-addition.commands.ts';
import { GetAccountAddition } from './account-additions.queries.ts';
import { accountAddition, changedAddition } from './accounts.answers.ts';

@Controller('v1/organizations/:organizationId/account-additions')
export class RequestAdditionsController {
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  @Post()
  @Answers(changedAddition)
  @Told(
    'Asks the owner of an account that exists already to bring it in, or to share it.',
    'account_already_added',
    'account_addition_already_pending',
    'domain_unverified',
    'domain_unvalidated',
    'account_closed',
    'account_limit_reached',
  )
  request(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: RequestAccountAddition,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }
}

/** For the owner of the account that somebody asked for. */
@Controller('v1/account-additions/:additionId')
export class AccountAdditionsController {
  readonly #commands: Commands;
  readonly #queries: Queries;

  constructor(commands: Commands, queries: Queries) {
    this.#commands = commands;
    this.#queries = queries;
  }

  @Get()
  @Answers(accountAddition)
  @Told('What the owner of an account is asked.')
  get(
    @PathId('additionId', 'add') additionId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new GetAccountAddition(), { additionId }, call);
  }

  @Post('confirm')
  @HttpCode(200)
  @Answers(changedAddition)
  @Told(
    'Brings the account in, and its owner with it, or shares it.',
    'account_addition_not_pending',
    'user_belongs_to_another_organization',
    'domain_unverified',
    'domain_unvalidated',
    'account_closed',
    'account_limit_reached',
    'organization_merging',
  )
  confirm(@PathId('additionId', 'add') additionId: string, @Call() call: Call<Principal>) {
    return this.#commands.send(new ConfirmAccountAddition(), { additionId }, call);
  }

  @Post('decline')
  @HttpCode(200)
  @Answers(changedAddition)
  @Told('Says no.', 'account_addition_not_pending')
  decline(@PathId('additionId', 'add') additionId: string, @Call() call: Call<Principal>) {
    return this.#commands.send(new DeclineAccountAddition(), { additionId }, call);
  }
}
