import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Envelope, Execution, envelopeOf, nothingToForesee, type Outcome } from '#commands';
import { type ActiveUser, People, takeOne } from '#users';
import { Afterwards } from './afterwards.ts';
import { RequestPasswordReset } from './credential.commands.ts';
import { credential } from './credential.ts';
import { CredentialRates } from './guesses.ts';
import { PasswordLinks } from './password-links.ts';

/**
 * USR-12, for somebody who has not signed in: the answer is the same whoever is asked for, after the same work. Only
 * after it is a link made and mailed, or nothing done.
 */
@Injectable()
@CommandHandler(RequestPasswordReset)
export class RequestPasswordResetHandler implements ICommandHandler<RequestPasswordReset, Outcome> {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #links: PasswordLinks;
  readonly #rates: CredentialRates;
  readonly #afterwards: Afterwards;

  constructor(
    execution: Execution,
    people: People,
    links: PasswordLinks,
    rates: CredentialRates,
    afterwards: Afterwards,
  ) {
    this.#execution = execution;
    this.#people = people;
    this.#links = links;
    this.#rates = rates;
    this.#afterwards = afterwards;
  }

  async execute(command: RequestPasswordReset): Promise<Outcome> {
    const envelope = envelopeOf(command);
    if (envelope.dryRun) return nothingToForesee;
    await takeOne(this.#rates.resets, envelope.sourceIp ?? '');
    const person = await this.#people.whoever(command.email);
    this.#afterwards.do(async () => {
      if (person?.status === 'active') await this.#request(person, envelope);
    });
    return { done: true };
  }

  async #request(person: ActiveUser, envelope: Envelope): Promise<void> {
    const taken = await this.#rates.mails?.take(this.#links.addressOf(person));
    if (taken && !taken.allowed) return;
    await this.#execution.run(
      { decider: credential, id: person.userId, command: this.#links.request(person, 'anybody') },
      { ...envelope, principal: { ...envelope.principal, type: 'user', id: person.userId } },
    );
  }
}
