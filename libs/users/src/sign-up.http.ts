import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { Answers, Call, ReadQuery, receipt, Told } from '#http';
import { Queries } from '#queries';
import { RequestEmailVerification, SignUp, VerifyEmail } from './user.commands.ts';
import { addressProved, me, signedUp } from './users.answers.ts';
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
  @Answers(signedUp)
  @Told(
    'Signs somebody up; they found an organization with a first account, or join one by its sign-up policy.',
    'email_invalid',
    'email_taken',
    'password_too_weak',
    'sign_up_by_invitation_only',
    'rate_limited',
  )
  signUp(@Body() command: SignUp, @Call() call: Call<Principal>) {
    return this.#commands.send(command, {}, call);
  }

  @Post('email-verifications/complete')
  @HttpCode(200)
  @Answers(addressProved)
  @Told('Proves an e-mail address with the token that was mailed to it.', 'link_invalid')
  verifyEmail(@Body() command: VerifyEmail, @Call() call: Call<Principal>) {
    return this.#commands.send(command, {}, call);
  }

  @Post('email-verifications')
  @HttpCode(200)
  @Answers(receipt)
  @Told('Mails the link that proves one’s address again; the link before it counts no more.', 'rate_limited')
  mailVerification(@Call() call: Call<Principal>) {
    return this.#commands.send(
      new RequestEmailVerification(),
      { userId: call.principal?.userId ?? '' },
      call,
    );
  }

  @Get('me')
  @Answers(me)
  @Told('Oneself: name, address, organization and role.')
  me(@Query() _query: ReadQuery, @Call() call: Call<Principal>) {
    return this.#queries.ask(new GetMe(), {}, call);
  }
}
