import { Body, Controller, Get, HttpCode, Patch, Post, Put, Query } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { Answers, Call, PathId, ReadQuery, receipt, Told } from '#http';
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
import { changedMember, explanation, renamed, user, users } from './users.answers.ts';
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
  @Answers(users)
  @Told('Lists the people of the organization: managed, pending and independent ones.')
  list(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() query: UsersQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListUsers(), query), { organizationId }, call);
  }

  @Get(':userId')
  @Answers(user)
  @Told('One person of the organization, with their ETag.')
  get(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new GetUser(), { organizationId, userId }, call);
  }

  @Get(':userId/explain')
  @Answers(explanation)
  @Told('Which events and commands made a field of a person what it is.')
  explain(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Query() { field }: ExplanationQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new ExplainUser(), { organizationId, userId, field }, call);
  }

  @Patch(':userId')
  @Answers(renamed)
  @Told('Renames a managed user; people may rename themselves.', 'not_found')
  rename(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Body() command: UpdateProfile,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId, userId }, call);
  }

  @Put(':userId/role')
  @Answers(changedMember)
  @Told('Gives a managed user another role in the organization.', 'owner_role_by_transfer_only')
  changeRole(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Body() command: ChangeOrganizationRole,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId, userId }, call);
  }

  @Put(':userId/two-factor-requirement')
  @Answers(changedMember)
  @Told('Requires a second factor of a managed user, or requires it no more.', 'not_found')
  requireTwoFactor(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Body() command: RequireTwoFactor,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId, userId }, call);
  }

  @Put(':userId/email')
  @Answers(changedMember)
  @Told(
    'Changes the address of a managed user, within the verified domains; the new one must be proved.',
    'email_invalid',
    'email_taken',
    'domain_unverified',
    'domain_unvalidated',
  )
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
  @Answers(changedMember)
  @Told('Deactivates a managed user: their sessions end, their roles stay.', 'owner_not_removable')
  deactivate(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(new DeactivateUser(), { organizationId, userId }, call);
  }

  @Post(':userId/reactivate')
  @HttpCode(200)
  @Answers(changedMember)
  @Told('Lets a deactivated user sign in again.', 'not_found')
  reactivate(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(new ReactivateUser(), { organizationId, userId }, call);
  }

  @Post(':userId/remove')
  @HttpCode(200)
  @Answers(changedMember)
  @Told(
    'Removes a managed user from the organization, with a next owner for every account they own.',
    'owner_not_removable',
    'acknowledgements_required',
    'account_owner_required',
    'owner_not_managed',
  )
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
  @Answers(receipt)
  @Told(
    'Deletes a managed user: what was known of them is erased everywhere.',
    'owner_not_removable',
    'acknowledgements_required',
    'account_owner_required',
    'owner_not_managed',
  )
  delete(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Body() command: DeleteUser,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId, userId }, call);
  }
}
