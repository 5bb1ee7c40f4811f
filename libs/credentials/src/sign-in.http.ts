import { Body, Controller, Delete, Headers, HttpCode, Post } from '@nestjs/common';
import { isoTime } from '#clock';
import type { Principal } from '#commands';
import { Answer, Call, unauthenticated } from '#http';
import { PublicUrl } from '#mail';
import { oneself } from '#users';
import { SignInWithPassword } from './sign-in.dto.ts';
import { SignIn } from './sign-in.ts';

const COOKIE = 'orgledger_session';

@Controller('v1/sessions')
export class SignInController {
  readonly #signIn: SignIn;
  readonly #publicUrl: PublicUrl;

  constructor(signIn: SignIn, publicUrl: PublicUrl) {
    this.#signIn = signIn;
    this.#publicUrl = publicUrl;
  }

  @Post()
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

  @Delete('current')
  @HttpCode(204)
  async signOut(@Call() call: Call<Principal>): Promise<void> {
    if (!call.principal) throw unauthenticated();
    await this.#signIn.out(call.principal);
  }
}
