import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { Call, PathId } from '#http';
import { FoundOrganization, TransferOwnership } from './user.commands.ts';

/** Whose organization it is: a person founds one, and later hands it over. */
@Controller('v1/organizations')
export class OwnershipController {
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  @Post()
  found(@Body() command: FoundOrganization, @Call() call: Call<Principal>) {
    return this.#commands.send(command, {}, call);
  }

  @Post(':organizationId/transfer-ownership')
  @HttpCode(200)
  transfer(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: TransferOwnership,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }
}
