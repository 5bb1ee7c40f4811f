import { Body, Controller, Get, HttpCode, Patch, Post, Put, Query } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { Call, PathId, ReadQuery } from '#http';
import { Queries } from '#queries';
import { ExplainUser, ExplanationQuery } from './explanation.queries.ts';
import {
  ChangeEmail,
  ChangeOrganizationRole,
  DeactivateUser,
  DeleteUser,
  ReactivateUser,
  RemoveUser,
  RequireTwoFactor,
  UpdateProfile,
} from './user.commands.ts';
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

  @Get(':userId/explain')
  explain(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Query() { field }: ExplanationQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new ExplainUser(), { organizationId, userId, field }, call);
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

  @Put(':userId/role')
  changeRole(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Body() command: ChangeOrganizationRole,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId, userId }, call);
  }

  @Put(':userId/two-factor-requirement')
  requireTwoFactor(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Body() command: RequireTwoFactor,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId, userId }, call);
  }

  @Put(':userId/email')
  changeEmail(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Body() command: ChangeEmail,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId, userId }, call);
  }

  @Post(':userId/deactivate')
  @HttpCode(200)
  deactivate(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(new DeactivateUser(), { organizationId, userId }, call);
  }

  @Post(':userId/reactivate')
  @HttpCode(200)
  reactivate(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(new ReactivateUser(), { organizationId, userId }, call);
  }

  @Post(':userId/remove')
  @HttpCode(200)
  remove(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Body() command: RemoveUser,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId, userId }, call);
  }

  @Post(':userId/delete')
  @HttpCode(200)
  delete(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Body() command: DeleteUser,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId, userId }, call);
  }
}
