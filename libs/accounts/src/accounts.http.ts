import { Body, Controller, Get, HttpCode, Patch, Post, Put, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { Commands, type Principal } from '#commands';
import { Answers, Call, PathId, ReadQuery, Told } from '#http';
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
import {
  account,
  accountRoles,
  accounts,
  accountsOfUser,
  accountUsers,
  changedAccess,
  changedAccount,
  relinquished,
} from './accounts.answers.ts';
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
  @Answers(changedAccount)
  @Told(
    'Creates an account in the organization; its owner is whoever asks, unless another is named.',
    'owner_not_managed',
    'account_limit_reached',
  )
  create(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: CreateAccount,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }

  @Get('accounts')
  @Answers(accounts)
  @Told('Lists the accounts that the organization manages, sees as independent, or has asked for.')
  list(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() query: AccountsQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListAccounts(), query), { organizationId }, call);
  }

  @Post('accounts/:accountId/relinquish')
  @HttpCode(200)
  @Answers(relinquished)
  @Told(
    'Gives back an independent account; the people of the organization lose their access to it.',
    'acknowledgements_required',
  )
  relinquish(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('accountId', 'acc') accountId: string,
    @Body() command: RelinquishIndependentAccount,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId, accountId }, call);
  }

  @Get('users/:userId/accounts')
  @Answers(accountsOfUser)
  @Told("Lists a person's accounts with their roles there.")
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
  @Answers(account)
  @Told('One account, as the organization that looks sees it.')
  get(
    @PathId('accountId', 'acc') accountId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new GetAccount(), { accountId }, call);
  }

  @Patch()
  @Answers(changedAccount)
  @Told('Renames an account.', 'account_suspended', 'account_closed')
  update(
    @PathId('accountId', 'acc') accountId: string,
    @Body() command: UpdateAccount,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { accountId }, call);
  }

  @Post('transfer-ownership')
  @HttpCode(200)
  @Answers(changedAccount)
  @Told(
    'Makes another managed user the owner; the earlier one stays as administrator.',
    'owner_not_managed',
    'account_not_managed',
    'account_closed',
  )
  transferOwnership(
    @PathId('accountId', 'acc') accountId: string,
    @Body() command: TransferAccountOwnership,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { accountId }, call);
  }

  @Post('suspend')
  @HttpCode(200)
  @Answers(changedAccount)
  @Told('Suspends an account: nothing new begins on it.', 'account_closed')
  suspend(@PathId('accountId', 'acc') accountId: string, @Call() call: Call<Principal>) {
    return this.#commands.send(new SuspendAccount(), { accountId }, call);
  }

  @Post('reactivate')
  @HttpCode(200)
  @Answers(changedAccount)
  @Told('Reactivates a suspended account.', 'account_closed')
  reactivate(@PathId('accountId', 'acc') accountId: string, @Call() call: Call<Principal>) {
    return this.#commands.send(new ReactivateAccount(), { accountId }, call);
  }

  @Post('close')
  @HttpCode(200)
  @Answers(changedAccount)
  @Told('Closes an account for good.', 'acknowledgements_required')
  close(
    @PathId('accountId', 'acc') accountId: string,
    @Body() command: CloseAccount,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { accountId }, call);
  }

  @Put('two-factor-requirement')
  @Answers(changedAccount)
  @Told('Says whether the account requires two-factor sign-in.', 'account_suspended', 'account_closed')
  requireTwoFactor(
    @PathId('accountId', 'acc') accountId: string,
    @Body() command: RequireAccountTwoFactor,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { accountId }, call);
  }

  @Get('users')
  @Answers(accountUsers)
  @Told('Lists who has access to an account.')
  listUsers(
    @PathId('accountId', 'acc') accountId: string,
    @Query() query: AccountUsersQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListAccountUsers(), query), { accountId }, call);
  }

  @Put('users/:userId/roles')
  @Answers(changedAccess)
  @Told(
    "Sets a person's roles on an account; a managed user of its organization gets access by it.",
    'role_combination_invalid',
    'owner_role_by_transfer_only',
    'administrator_downgrade_unconfirmed',
    'account_suspended',
    'account_closed',
  )
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
  @Answers(changedAccess)
  @Told("Ends a person's access to an account.", 'owner_not_removable', 'acknowledgements_required')
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
  @Answers(accountRoles)
  @Told('The roles on accounts and what each of them may do.')
  list() {
    return this.#bus.execute(new GetAccountRoles());
  }
}
