import { Body, Controller, Get, Patch, Query } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { Call, PathId, ReadQuery } from '#http';
import { Queries } from '#queries';
import { UpdateProfile } from './user.commands.ts';
import { GetUser, ListUsers, UsersQuery } from './users.queries.ts';

@Controller('v1/organizations/:organizationId/users')
export class UsersController {
  readonly #commands: Commands;
  readonly #queries: Queries;

  constructor(commands: Commands, queries: Queries) {
    this.#commands = commands;
    this.#queries = queries;
  }

  @Get()
  list(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() query: UsersQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListUsers(), query), { organizationId }, call);
  }

  @Get(':userId')
  get(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new GetUser(), { organizationId, userId }, call);
  }

  @Patch(':userId')
  rename(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Body() command: UpdateProfile,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId, userId }, call);
  }
}
