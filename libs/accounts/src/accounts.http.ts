import { Body, Controller, Get, Patch, Query } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { Call, PathId, ReadQuery } from '#http';
import { Queries } from '#queries';
import { UpdateAccount } from './account.commands.ts';
import { AccountsQuery, GetAccount, ListAccounts } from './accounts.queries.ts';

@Controller('v1')
export class AccountsController {
  readonly #commands: Commands;
  readonly #queries: Queries;

  constructor(commands: Commands, queries: Queries) {
    this.#commands = commands;
    this.#queries = queries;
  }

  @Get('organizations/:organizationId/accounts')
  list(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() query: AccountsQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListAccounts(), query), { organizationId }, call);
  }

  @Get('accounts/:accountId')
  get(
    @PathId('accountId', 'acc') accountId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(
      new GetAccount(),
      { accountId, organizationId: call.principal?.organizationId ?? undefined },
      call,
    );
  }

  @Patch('accounts/:accountId')
  update(
    @PathId('accountId', 'acc') accountId: string,
    @Body() command: UpdateAccount,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { accountId }, call);
  }
}
