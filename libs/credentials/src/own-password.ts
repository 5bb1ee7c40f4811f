import { Injectable } from '@nestjs/common';
import { Credentials, Passwords } from '#sign-in';
import { type ActiveUser, People } from '#users';
import { Guesses } from './guesses.ts';

/** Whether somebody who is signed in knows the password too; counted like a try to sign in. */
@Injectable()
export class OwnPassword {
  readonly #people: People;
  readonly #passwords: Passwords;
  readonly #credentials: Credentials;
  readonly #guesses: Guesses;

  constructor(people: People, passwords: Passwords, credentials: Credentials, guesses: Guesses) {
    this.#people = people;
    this.#passwords = passwords;
    this.#credentials = credentials;
    this.#guesses = guesses;
  }

  /** @throws RateLimited; SignInBusy */
  async isKnown({ userId, email }: ActiveUser, password: string, sourceIp: string | null): Promise<boolean> {
    const [address, source] = [this.#people.hash(email), sourceIp ?? ''];
    const kept = await this.#credentials.find(userId);
    const right = await this.#guesses.attempt(
      address,
      source,
      async () => (await this.#passwords.verify(kept?.hash, password)) || undefined,
    );
    if (right) await this.#guesses.succeeded(address, source);
    return right ?? false;
  }
}
