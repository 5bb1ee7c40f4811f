import { Body, Controller, Delete, Get, Headers, HttpCode, Post, Query } from '@nestjs/common';
import { isoTime } from '#clock';
import { Commands, type Principal } from '#commands';
import { Answer, Call, ReadQuery, unauthenticated } from '#http';
import { PublicUrl } from '#mail';
import { Queries } from '#queries';
import { SignInWithPassword } from './sign-in.dto.ts';
import { SignIn } from './sign-in.ts';
import { RequestEmailVerification, SignUp, VerifyEmail } from './user.commands.ts';
import { GetMe, oneself } from './users.queries.ts';

const COOKIE = 'orgledger_session';

@Controller('v1')
export class SignInController {
  readonly #commands: Commands;
  readonly #queries: Queries;
  readonly #signIn: SignIn;
  readonly #publicUrl: PublicUrl;

  constructor(commands: Commands, queries: Queries, signIn: SignIn, publicUrl: PublicUrl) {
    this.#commands = commands;
    this.#queries = queries;
    this.#signIn = signIn;
    this.#publicUrl = publicUrl;
  }

  @Post('sign-ups')
  signUp(@Body() command: SignUp, @Call() call: Call<Principal>) {
    return this.#commands.send(command, {}, call);
  }

  @Post('sessions')
  async signIn(
    @Body() { email, password }: SignInWithPassword,
    @Headers('x-session-mode') mode: string | undefined,
    @Call() call: Call<Principal>,
  ) {
    const { token, sessionId, user, expiresAt } = await this.#signIn.withPassword(email, password, call);
    const session = { expiresAt: isoTime(expiresAt), user: oneself(user) };
    if (mode !== 'cookie') return new Answer(201, { token, ...session });
    const secure = this.#publicUrl.isSecure ? ' Secure;' : '';
    return new Answer(
      201,
      { ...session, csrfToken: this.#signIn.csrfToken(sessionId) },
      { 'set-cookie': `${COOKIE}=${token}; Path=/; HttpOnly;${secure} SameSite=Strict` },
    );
  }

  @Delete('sessions/current')
  @HttpCode(204)
  async signOut(@Call() call: Call<Principal>): Promise<void> {
    if (!call.principal) throw unauthenticated();
    await this.#signIn.out(call.principal);
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
