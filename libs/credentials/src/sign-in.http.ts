import { Body, Controller, Delete, Headers, HttpCode, Post } from '@nestjs/common';
import { isoTime } from '#clock';
import { nothingToForesee, type Principal } from '#commands';
import { Answer, Answers, Call, Told, WithoutDryRun } from '#http';
import { oneself } from '#users';
import { codeSent, openedSession, signedIn } from './credentials.answers.ts';
import { SessionCookie } from './session-cookie.ts';
import { SendCodeAgain, SignInWithPassword, SignInWithSecondFactor } from './sign-in.dto.ts';
import { type Opened, SignIn } from './sign-in.ts';

/** A session is no event. */
const noDryRun = 'is not there for signing in';

@Controller('v1/sessions')
export class SignInController {
  readonly #signIn: SignIn;
  readonly #cookie: SessionCookie;

  constructor(signIn: SignIn, cookie: SessionCookie) {
    this.#signIn = signIn;
    this.#cookie = cookie;
  }

  @Post()
  @WithoutDryRun(noDryRun)
  @Answers(signedIn)
  @Told('Opens a session with a password, or asks for the second factor.', 'sign_in_failed', 'rate_limited')
  async signIn(
    @Body() { email, password }: SignInWithPassword,
    @Headers('x-session-mode') mode: string | undefined,
    @Call() call: Call<Principal>,
  ) {
    const outcome = await this.#signIn.withPassword(email, password, call);
    if ('token' in outcome) return this.#opened(outcome, mode);
    const { challengeId, methods, until } = outcome;
    return new Answer(200, { twoFactor: { challengeId, methods, expiresAt: isoTime(until) } });
  }

  @Post('two-factor')
  @WithoutDryRun(noDryRun)
  @Answers(openedSession)
  @Told(
    'Opens a session with a code of the second factor, or a recovery code.',
    'two_factor_code_invalid',
    'rate_limited',
  )
  async secondFactor(
    @Body() { challengeId, code }: SignInWithSecondFactor,
    @Headers('x-session-mode') mode: string | undefined,
    @Call() call: Call<Principal>,
  ) {
    return this.#opened(await this.#signIn.withSecondFactor(challengeId, code, call), mode);
  }

  @Post('two-factor/resend')
  @HttpCode(202)
  @WithoutDryRun(noDryRun)
  @Answers(codeSent)
  @Told('Sends another code to the telephone; the one before it counts no more.', 'rate_limited')
  async sendCodeAgain(@Body() { challengeId }: SendCodeAgain) {
    await this.#signIn.sendAgain(challengeId);
    return {};
  }

  @Delete('current')
  @Answers()
  @Told('Ends the session.', 'unauthenticated')
  async signOut(@Call() { principal, dryRun }: Call<Principal>) {
    if (dryRun) return new Answer(200, nothingToForesee);
    if (principal) await this.#signIn.out(principal);
    return new Answer(204, undefined, principal?.cookie ? { 'set-cookie': this.#cookie.clear() } : {});
  }

  #opened({ token, sessionId, expiresAt, user, enrolment }: Opened, mode: string | undefined): Answer {
    const session = {
      expiresAt: isoTime(expiresAt),
      user: oneself(user),
      ...(enrolment && { twoFactorEnrolment: enrolment }),
    };
    if (mode !== 'cookie') return new Answer(201, { token, ...session });
    return new Answer(
      201,
      { ...session, csrfToken: this.#signIn.csrfToken(sessionId) },
      { 'set-cookie': this.#cookie.set(token) },
    );
  }
}
