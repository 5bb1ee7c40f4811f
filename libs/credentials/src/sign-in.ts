import { Injectable } from '@nestjs/common';
import type { Call, Principal } from '#commands';
import { HttpProblem, RateLimited } from '#http';
import { Credentials, GuessLimits, type NewSession, Passwords, Sessions, SignInBusy } from '#sign-in';
import { type ActiveUser, People } from '#users';

/** One answer for an unknown address and a wrong password. */
const wrong = () => new HttpProblem(401, 'sign_in_failed', 'The address or the password is not right.');

export class Guesses {
  readonly limits: GuessLimits | undefined;

  constructor(limits: GuessLimits | undefined) {
    this.limits = limits;
  }
}

@Injectable()
export class SignIn {
  readonly #people: People;
  readonly #passwords: Passwords;
  readonly #credentials: Credentials;
  readonly #sessions: Sessions;
  readonly #guesses: Guesses;

  constructor(
    people: People,
    passwords: Passwords,
    credentials: Credentials,
    sessions: Sessions,
    guesses: Guesses,
  ) {
    this.#people = people;
    this.#passwords = passwords;
    this.#credentials = credentials;
    this.#sessions = sessions;
    this.#guesses = guesses;
  }

  /** @throws HttpProblem 401 `sign_in_failed`; RateLimited; SignInBusy */
  async withPassword(
    email: string,
    password: string,
    { sourceIp, userAgent }: Pick<Call, 'sourceIp' | 'userAgent'>,
  ): Promise<NewSession & { user: ActiveUser }> {
    const source = sourceIp ?? '';
    const address = this.#people.address(email);
    const person = address?.hash ?? this.#people.hash(email.toLowerCase());
    const { limits } = this.#guesses;
    const check = await limits?.check(person, source);
    if (check && !check.allowed)
      throw new RateLimited(check.retryAfterSeconds, 'Too many failed sign-ins; try again later.');
    const user = address && (await this.#people.withAddress(address));
    const active = user?.status === 'active' ? user : undefined;
    const userId = active?.userId;
    const epoch = userId === undefined ? 0 : await this.#sessions.epoch(userId);
    const credential = userId === undefined ? undefined : await this.#credentials.find(userId);
    const right = await this.#verified(credential?.hash, password, person, source);
    if (!right || !active || userId === undefined) throw wrong();
    await limits?.succeeded(person, source);
    const session = await this.#sessions.create({ userId, epoch, sourceIp, userAgent });
    if (!session) throw wrong();
    return { ...session, user: active };
  }

  async #verified(
    hash: string | undefined,
    password: string,
    person: string,
    source: string,
  ): Promise<boolean> {
    try {
      return await this.#passwords.verify(hash, password);
    } catch (error) {
      if (error instanceof SignInBusy) await this.#guesses.limits?.released(person, source);
      throw error;
    }
  }

  csrfToken(sessionId: string): string {
    return this.#sessions.csrfToken({ sessionId });
  }

  async out({ sessionId }: Principal): Promise<void> {
    if (sessionId !== undefined) await this.#sessions.revoke(sessionId);
  }
}
