import { Body, Controller, Get, HttpCode, Patch, Post, Put, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { Commands, type Principal } from '#commands';
import { Call, PathId, ReadQuery } from '#http';
import { Queries } from '#queries';
import {
  ChangeAccountRoles,
  CloseAccount,
  CreateAccount,
  ReactivateAccount,
  RelinquishIndependentAccount,
  RemoveAccountUser,
  RequireAccountTwoFactor,
  SuspendAccount,
  TransferAccountOwnership,
  UpdateAccount,
} from './account.commands.ts';
import {
  AccountUsersQuery,
  ListAccountUsers,
  ListUserAccounts,
  UserAccountsQuery,
} from './account-users.queries.ts';
import { AccountsQuery, GetAccount, GetAccountRoles, ListAccounts } from './accounts.queries.ts';

/** The accounts that an organization sees. */
@Controller('v1/organizations/:organizationId')
export class OrganizationAccountsController {
  readonly #commands: Commands;
  readonly #queries: Queries;

  constructor(commands: Commands, queries: Queries) {
    this.#commands = commands;
    this.#queries = queries;
  }

  @Post('accounts')
  create(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: CreateAccount,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }

  @Get('accounts')
  list(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() query: AccountsQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListAccounts(), query), { organizationId }, call);
  }

  @Post('accounts/:accountId/relinquish')
  @HttpCode(200)
  relinquish(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('accountId', 'acc') accountId: string,
    @Body() command: RelinquishIndependentAccount,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId, accountId }, call);
  }

  @Get('users/:userId/accounts')
  listOfUser(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Query() query: UserAccountsQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListUserAccounts(), query), { organizationId, userId }, call);
  }
}

/** One account: for its organization, its Owner and its Administrators. */
@Controller('v1/accounts/:accountId')
export class AccountsController {
  readonly #commands: Commands;
  readonly #queries: Queries;

  constructor(commands: Commands, queries: Queries) {
    this.#commands = commands;
    this.#queries = queries;
  }

  @Get()
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

  @Patch()
  update(
    @PathId('accountId', 'acc') accountId: string,
    @Body() command: UpdateAccount,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { accountId }, call);
  }

  @Post('transfer-ownership')
  @HttpCode(200)
  transferOwnership(
    @PathId('accountId', 'acc') accountId: string,
    @Body() command: TransferAccountOwnership,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { accountId }, call);
  }

  @Post('suspend')
  @HttpCode(200)
  suspend(@PathId('accountId', 'acc') accountId: string, @Call() call: Call<Principal>) {
    return this.#commands.send(new SuspendAccount(), { accountId }, call);
  }

  @Post('reactivate')
  @HttpCode(200)
  reactivate(@PathId('accountId', 'acc') accountId: string, @Call() call: Call<Principal>) {
    return this.#commands.send(new ReactivateAccount(), { accountId }, call);
  }

  @Post('close')
  @HttpCode(200)
  close(
    @PathId('accountId', 'acc') accountId: string,
    @Body() command: CloseAccount,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { accountId }, call);
  }

  @Put('two-factor-requirement')
  requireTwoFactor(
    @PathId('accountId', 'acc') accountId: string,
    @Body() command: RequireAccountTwoFactor,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { accountId }, call);
  }

  @Get('users')
  listUsers(
    @PathId('accountId', 'acc') accountId: string,
    @Query() query: AccountUsersQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(
      Object.assign(new ListAccountUsers(), query),
      { accountId, organizationId: call.principal?.organizationId ?? undefined },
      call,
    );
  }

  @Put('users/:userId/roles')
  changeRoles(
    @PathId('accountId', 'acc') accountId: string,
    @PathId('userId', 'usr') userId: string,
    @Body() command: ChangeAccountRoles,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { accountId, userId }, call);
  }

  @Post('users/:userId/remove')
  @HttpCode(200)
  removeUser(
    @PathId('accountId', 'acc') accountId: string,
    @PathId('userId', 'usr') userId: string,
    @Body() command: RemoveAccountUser,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { accountId, userId }, call);
  }
}

@Controller('v1/account-roles')
export class AccountRolesController {
  readonly #bus: QueryBus;

  constructor(bus: QueryBus) {
    this.#bus = bus;
  }

  @Get()
  list() {
    return this.#bus.execute(new GetAccountRoles());
  }
}
