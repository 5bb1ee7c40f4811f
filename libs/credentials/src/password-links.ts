import { Injectable } from '@nestjs/common';
import { Execution } from '#commands';
import { daysAfter } from '#kernel';
import { LinkTokens } from '#tokens';
import { type ActiveUser, People } from '#users';
import { type Credential, type CredentialCommand, nextGeneration } from './credential.ts';
import { homeOf } from './helped.ts';

/** Links by which a person chooses a new password: 24 hours, the newest only (USR-12). */
@Injectable()
export class PasswordLinks {
  readonly #execution: Execution;
  readonly #tokens: LinkTokens;
  readonly #people: People;

  constructor(execution: Execution, tokens: LinkTokens, people: People) {
    this.#execution = execution;
    this.#tokens = tokens;
    this.#people = people;
  }

  request(
    person: ActiveUser,
    requestedBy: 'anybody' | 'administrator',
  ): (state: Credential) => CredentialCommand {
    const { userId } = person;
    return (state) => ({
      type: 'RequestPasswordReset',
      userId,
      organizationId: homeOf(person),
      requestedBy,
      tokenHash: this.#tokens.hash(this.#tokens.issue('password_reset', userId, nextGeneration(state))),
      addressHash: this.addressOf(person),
      expiresAt: daysAfter(this.#execution.now(), 1),
    });
  }

  /** Whom a token says it is for; nothing is proved by it. */
  read(token: string): string | undefined {
    return this.#tokens.read('password_reset', token)?.id;
  }

  complete(person: ActiveUser, token: string): CredentialCommand {
    return {
      type: 'CompletePasswordReset',
      userId: person.userId,
      organizationId: homeOf(person),
      tokenHash: this.#tokens.hash(token),
      addressHash: this.addressOf(person),
    };
  }

  addressOf({ email }: ActiveUser): string {
    return this.#people.hash(email);
  }
}
