import { Body, Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { Commands, nothingToForesee, type Principal } from '#commands';
import { Answer, Answers, Call, PathId, Told, unauthenticated, validationFailed } from '#http';
import {
  ChangePassword,
  DisableTwoFactor,
  EnrolTwoFactor,
  RenewRecoveryCodes,
} from './credential.commands.ts';
import {
  begunTwoFactor,
  changedPassword,
  disabledTwoFactor,
  enrolledTwoFactor,
  ownSessions,
  ownTwoFactor,
  renewedRecoveryCodes,
} from './credentials.answers.ts';
import { OwnSessions } from './own-sessions.ts';
import { BeginTwoFactor } from './sign-in.dto.ts';
import { TwoFactorSetUp } from './two-factor-set-up.ts';

const oneself = ({ principal }: Call<Principal>): Principal & { userId: string } => {
  if (!principal?.userId) throw unauthenticated();
  return { ...principal, userId: principal.userId };
};

/** What people do about the ways in which they prove who they are. */
@Controller('v1/me')
export class OwnCredentialsController {
  readonly #commands: Commands;
  readonly #sessions: OwnSessions;
  readonly #setUp: TwoFactorSetUp;

  constructor(commands: Commands, sessions: OwnSessions, setUp: TwoFactorSetUp) {
    this.#commands = commands;
    this.#sessions = sessions;
    this.#setUp = setUp;
  }

  @Post('password')
  @HttpCode(200)
  @Answers(changedPassword)
  @Told(
    'Changes one’s password; the other sessions end.',
    'password_wrong',
    'password_too_weak',
    'rate_limited',
  )
  changePassword(@Body() command: ChangePassword, @Call() call: Call<Principal>) {
    return this.#commands.send(command, { userId: oneself(call).userId }, call);
  }

  @Get('sessions')
  @Answers(ownSessions)
  @Told('One’s open sessions, latest first.')
  sessions(@Call() call: Call<Principal>) {
    return this.#sessions.list(oneself(call));
  }

  @Delete('sessions/:sessionId')
  @HttpCode(204)
  @Answers()
  @Told('Ends one of one’s sessions.', 'not_found')
  async endSession(@PathId('sessionId', 'ses') sessionId: string, @Call() call: Call<Principal>) {
    await this.#sessions.end(oneself(call), sessionId, call);
    return call.dryRun ? new Answer(200, nothingToForesee) : undefined;
  }

  @Get('two-factor')
  @Answers(ownTwoFactor)
  @Told('One’s second factor, and whether one is required.')
  twoFactor(@Call() call: Call<Principal>) {
    return this.#setUp.of(oneself(call).userId);
  }

  @Post('two-factor')
  @Answers(begunTwoFactor)
  @Told(
    'Begins to set up a second factor; nothing changes before it is confirmed. To replace one asks for the password.',
    'password_wrong',
    'sms_unavailable',
    'rate_limited',
  )
  async beginTwoFactor(
    @Body() { method, number, currentPassword }: BeginTwoFactor,
    @Call() call: Call<Principal>,
  ) {
    const { userId } = oneself(call);
    if ((method === 'sms') !== (number !== undefined))
      throw validationFailed([
        { field: 'number', code: 'number_invalid', message: 'is needed with sms, and only with it' },
      ]);
    const refused = await this.#setUp.refuses(userId, currentPassword, call.sourceIp);
    if (refused) return refused;
    if (call.dryRun) return nothingToForesee;
    return number === undefined
      ? this.#setUp.withAuthenticator(userId)
      : this.#setUp.withTelephone(userId, number);
  }

  @Post('two-factor/confirm')
  @HttpCode(200)
  @Answers(enrolledTwoFactor)
  @Told(
    'Sets up the second factor that was begun; sessions without one end.',
    'two_factor_code_invalid',
    'two_factor_not_begun',
  )
  confirmTwoFactor(@Body() command: EnrolTwoFactor, @Call() call: Call<Principal>) {
    return this.#commands.send(command, { userId: oneself(call).userId }, call);
  }

  @Post('two-factor/disable')
  @HttpCode(200)
  @Answers(disabledTwoFactor)
  @Told('Gives up one’s second factor.', 'password_wrong', 'two_factor_required')
  disableTwoFactor(@Body() command: DisableTwoFactor, @Call() call: Call<Principal>) {
    return this.#commands.send(command, { userId: oneself(call).userId }, call);
  }

  @Post('two-factor/recovery-codes')
  @HttpCode(200)
  @Answers(renewedRecoveryCodes)
  @Told(
    'Makes ten new recovery codes; the old ones count no more.',
    'password_wrong',
    'two_factor_not_enrolled',
  )
  renewRecoveryCodes(@Body() command: RenewRecoveryCodes, @Call() call: Call<Principal>) {
    return this.#commands.send(command, { userId: oneself(call).userId }, call);
  }
}
