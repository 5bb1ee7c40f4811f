import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { Answers, Call, PathId, Told } from '#http';
import { FoundOrganization, TransferOwnership } from './user.commands.ts';
import { founded, ownershipTransferred } from './users.answers.ts';

/** Whose organization it is: a person founds one, and later hands it over. */
@Controller('v1/organizations')
export class OwnershipController {
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  @Post()
  @Answers(founded)
  @Told(
    'Founds an organization for somebody who is in none; they become its Owner, and their accounts come along.',
    'user_belongs_to_another_organization',
    'email_unverified',
  )
  found(@Body() command: FoundOrganization, @Call() call: Call<Principal>) {
    return this.#commands.send(command, {}, call);
  }

  @Post(':organizationId/transfer-ownership')
  @HttpCode(200)
  @Answers(ownershipTransferred)
  @Told(
    'Makes another managed user the Owner; the earlier one stays in the role that is named.',
    'owner_not_managed',
    'owner_role_by_transfer_only',
    'organization_merging',
  )
  transfer(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: TransferOwnership,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }
}
