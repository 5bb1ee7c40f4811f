import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { Call, ReadQuery } from '#http';
import { Queries } from '#queries';
import { RequestEmailVerification, SignUp, VerifyEmail } from './user.commands.ts';
import { GetMe } from './users.queries.ts';

@Controller('v1')
export class SignUpController {
  readonly #commands: Commands;
  readonly #queries: Queries;

  constructor(commands: Commands, queries: Queries) {
    this.#commands = commands;
    this.#queries = queries;
  }

  @Post('sign-ups')
  signUp(@Body() command: SignUp, @Call() call: Call<Principal>) {
    return this.#commands.send(command, {}, call);
  }

  @Post('email-verifications/complete')
  @HttpCode(200)
  verifyEmail(@Body() command: VerifyEmail, @Call() call: Call<Principal>) {
    return this.#commands.send(command, {}, call);
  }

  @Post('email-verifications')
  @HttpCode(200)
  mailVerification(@Call() call: Call<Principal>) {
    return this.#commands.send(
      new RequestEmailVerification(),
      { userId: call.principal?.userId ?? '' },
      call,
    );
  }

  @Get('me')
  me(@Query() _query: ReadQuery, @Call() call: Call<Principal>) {
    return this.#queries.ask(new GetMe(), {}, call);
  }
}
