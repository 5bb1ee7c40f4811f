import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { Answer, Answers, Call, PathId, Told } from '#http';
import {
  CompletePasswordReset,
  RequestPasswordReset,
  ResetPassword,
  ResetTwoFactor,
} from './credential.commands.ts';
import { completedReset, resetAccepted, resetPassword, resetTwoFactor } from './credentials.answers.ts';

@Controller('v1/password-resets')
export class PasswordResetsController {
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  /** The same answer, whoever is asked for. */
  @Post()
  @Answers(resetAccepted)
  @Told('Mails a link to choose a new password; the answer is the same whoever is asked for.', 'rate_limited')
  async request(@Body() command: RequestPasswordReset, @Call() call: Call<Principal>) {
    const outcome = await this.#commands.send(command, {}, call);
    return 'done' in outcome ? new Answer(202, { accepted: true }) : outcome;
  }

  @Post('complete')
  @HttpCode(200)
  @Answers(completedReset)
  @Told(
    'Chooses a new password by the newest link, once; every session ends.',
    'link_invalid',
    'password_too_weak',
  )
  complete(@Body() command: CompletePasswordReset, @Call() call: Call<Principal>) {
    return this.#commands.send(command, {}, call);
  }
}

@Controller('v1/organizations/:organizationId/users/:userId')
export class UserCredentialsController {
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  @Post('reset-password')
  @HttpCode(200)
  @Answers(resetPassword)
  @Told('Ends a person’s sessions and their old password, and mails them a link.', 'user_deactivated')
  resetPassword(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(new ResetPassword(), { organizationId, userId }, call);
  }

  @Post('reset-two-factor')
  @HttpCode(200)
  @Answers(resetTwoFactor)
  @Told('Takes a person’s second factor away; they are told by mail.', 'user_deactivated')
  resetTwoFactor(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('userId', 'usr') userId: string,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(new ResetTwoFactor(), { organizationId, userId }, call);
  }
}
