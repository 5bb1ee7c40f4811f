import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { Call, PathId, ReadQuery } from '#http';
import { Queries } from '#queries';
import {
  ConfirmAccountAddition,
  DeclineAccountAddition,
  RequestAccountAddition,
} from './account-addition.commands.ts';
import { GetAccountAddition } from './account-additions.queries.ts';

@Controller('v1/organizations/:organizationId/account-additions')
export class RequestAdditionsController {
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  @Post()
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
  get(
    @PathId('additionId', 'add') additionId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new GetAccountAddition(), { additionId }, call);
  }

  @Post('confirm')
  @HttpCode(200)
  confirm(@PathId('additionId', 'add') additionId: string, @Call() call: Call<Principal>) {
    return this.#commands.send(new ConfirmAccountAddition(), { additionId }, call);
  }

  @Post('decline')
  @HttpCode(200)
  decline(@PathId('additionId', 'add') additionId: string, @Call() call: Call<Principal>) {
    return this.#commands.send(new DeclineAccountAddition(), { additionId }, call);
  }
}
