import { Injectable } from '@nestjs/common';
import { nextPiece } from '#clock';
import { type Call, Commands, Execution, type Principal } from '#commands';
import { HttpProblem } from '#http';
import { Challenges, Credentials, type NewSession, Passwords, Sessions, TwoFactors } from '#sign-in';
import { type ActiveUser, People, type Typed } from '#users';
import { UseRecoveryCode } from './credential.commands.ts';
import { credential } from './credential.ts';
import { Guesses } from './guesses.ts';
import { homeOf } from './helped.ts';
import { SecondFactorRequirement } from './second-factor-requirement.ts';
import { SentCodes } from './sent-codes.ts';

/** One answer for an unknown address and a wrong password. */
const wrong = () => new HttpProblem(401, 'sign_in_failed', 'The address or the password is not right.');

/** One answer for a wrong code and a challenge that is over or never was. */
const codeWrong = () =>
  new HttpProblem(401, 'two_factor_code_invalid', 'The code is not right, or the sign-in took too long.');

export interface Opened extends NewSession {
  readonly user: ActiveUser;
  /** `required`: the session may do nothing else until then. `asked`: an administrator took the old one away. */
  readonly enrolment: 'required' | 'asked' | null;
}

export interface Challenged {
  readonly challengeId: string;
  readonly until: number;
  readonly methods: readonly string[];
}

type From = Pick<Call, 'sourceIp' | 'userAgent'>;

/** Who has told the right password. */
interface Known {
  readonly user: ActiveUser;
  readonly epoch: number;
  readonly factor: Awaited<ReturnType<TwoFactors['find']>>;
  /** False also for whoever has a second factor. */
  readonly mustEnrol: boolean;
}

@Injectable()
export class SignIn {
  readonly #people: People;
  readonly #passwords: Passwords;
  readonly #credentials: Credentials;
  readonly #sessions: Sessions;
  readonly #factors: TwoFactors;
  readonly #challenges: Challenges;
  readonly #codes: SentCodes;
  readonly #requirement: SecondFactorRequirement;
  readonly #guesses: Guesses;
  readonly #execution: Execution;
  readonly #commands: Commands;

  constructor(
    people: People,
    passwords: Passwords,
    credentials: Credentials,
    sessions: Sessions,
    factors: TwoFactors,
    challenges: Challenges,
    codes: SentCodes,
    requirement: SecondFactorRequirement,
    guesses: Guesses,
    execution: Execution,
    commands: Commands,
  ) {
    this.#people = people;
    this.#passwords = passwords;
    this.#credentials = credentials;
    this.#sessions = sessions;
    this.#factors = factors;
    this.#challenges = challenges;
    this.#codes = codes;
    this.#requirement = requirement;
    this.#guesses = guesses;
    this.#execution = execution;
    this.#commands = commands;
  }

  /** @throws HttpProblem 401 `sign_in_failed`; RateLimited; SignInBusy */
  async withPassword(email: string, password: string, from: From): Promise<Opened | Challenged> {
    await nextPiece();
    const source = from.sourceIp ?? '';
    const address = this.#people.typed(email);
    const person = address.hash;
    const known = await this.#guesses.attempt(person, source, () => this.#knows(address, password));
    if (!known) throw wrong();
    const { user, epoch, factor } = known;
    if (!factor) return this.#open(known, from, () => this.#guesses.succeeded(person, source));
    // Right so far, so no wrong guess; but those before it are forgotten only with the second factor.
    await this.#guesses.released(person, source);
    const { challengeId, until } = await this.#challenges.create({ userId: user.userId, epoch });
    if (factor.method === 'sms') await this.#codes.forSignIn(challengeId, factor);
    return { challengeId, until, methods: [factor.method, 'recovery_code'] };
  }

  /** The same reads and the same hashing, whether there is such a person or not. */
  async #knows(address: Typed, password: string): Promise<Known | undefined> {
    const found = await this.#people.withTyped(address);
    const user = found?.status === 'active' ? found : undefined;
    const userId = user?.userId ?? 'nobody';
    await nextPiece();
    const epoch = await this.#sessions.epoch(userId);
    const kept = await this.#credentials.find(userId);
    const right = await this.#passwords.verify(kept?.hash, password);
    await nextPiece();
    if (!right || !user) return undefined;
    const factor = await this.#factors.find(userId);
    const mustEnrol = !factor && (await this.#requirement.appliesTo(user, nextPiece));
    return { user, epoch, factor, mustEnrol };
  }

  /** @throws HttpProblem 401 `two_factor_code_invalid`; RateLimited */
  async withSecondFactor(challengeId: string, code: string, from: From): Promise<Opened> {
    const source = from.sourceIp ?? '';
    const challenge = await this.#challenges.find(challengeId);
    const state = challenge && (await this.#people.load(challenge.userId)).state;
    const user = state?.status === 'active' ? state : undefined;
    const person = user && this.#people.hash(user.email);
    const answered = await this.#guesses.attempt(person, source, async () =>
      user ? this.#challenges.answer(challengeId, code) : undefined,
    );
    if (!user || !person || !answered) throw codeWrong();
    await this.#guesses.succeeded(person, source);
    const { userId, epoch, by } = answered;
    const session = await this.#sessions.create({ userId, epoch, secondFactor: true, ...from });
    if (!session) throw codeWrong();
    if (by === 'recovery_code') await this.#tell(user, from);
    return { ...session, user, enrolment: null };
  }

  /** For the history; the code is used already. */
  async #tell(user: ActiveUser, { sourceIp, userAgent }: From): Promise<void> {
    const { userId, emailVerified } = user;
    const left = (await this.#factors.find(userId))?.recovery.length ?? 0;
    const used = { userId, organizationId: homeOf(user), left };
    const principal = {
      type: 'user',
      id: userId,
      userId,
      emailVerified,
      organizationId: null,
      role: null,
    } as const;
    await this.#commands.send(new UseRecoveryCode(), used, {
      principal,
      dryRun: false,
      source: 'api',
      sourceIp,
      userAgent,
    });
  }

  /** Alike whether there is such a challenge or not. @throws RateLimited */
  async sendAgain(challengeId: string): Promise<void> {
    const challenge = await this.#challenges.find(challengeId);
    const factor = challenge && (await this.#factors.find(challenge.userId));
    if (factor?.method === 'sms') await this.#codes.forSignIn(challengeId, factor);
  }

  /** `succeeded` and the session are written in one turn, and wait for the disk once. */
  async #open(
    { user, epoch, mustEnrol }: Known,
    from: From,
    succeeded: () => Promise<void>,
  ): Promise<Opened> {
    const { userId } = user;
    await nextPiece();
    const [session] = await Promise.all([
      this.#sessions.create({ userId, epoch, mustEnrol, ...from }),
      succeeded(),
    ]);
    await nextPiece();
    if (!session) throw wrong();
    const { state } = await this.#execution.load(credential, userId);
    await nextPiece();
    const asked = state.twoFactorWasReset ? 'asked' : null;
    return { ...session, user, enrolment: mustEnrol ? 'required' : asked };
  }

  csrfToken(sessionId: string): string {
    return this.#sessions.csrfToken({ sessionId });
  }

  async out({ sessionId }: Principal): Promise<void> {
    if (sessionId !== undefined) await this.#sessions.revoke(sessionId);
  }
}
