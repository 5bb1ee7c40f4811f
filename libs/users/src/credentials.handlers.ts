import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { envelopeOf, type Outcome, systemOnly } from '#commands';
import { Credentials, Sessions, TwoFactors } from '#sign-in';
import { EndSessions, ForgetCredentials } from './user.commands.ts';

/** Neither changes a stream: a credential is not an event. */
@Injectable()
@CommandHandler(EndSessions)
export class EndSessionsHandler implements ICommandHandler<EndSessions, Outcome> {
  readonly #sessions: Sessions;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  async execute(command: EndSessions): Promise<Outcome> {
    const refused = systemOnly(envelopeOf(command).principal);
    if (refused) return refused;
    await this.#sessions.revokeAll(command.userId);
    return { done: true };
  }
}

@Injectable()
@CommandHandler(ForgetCredentials)
export class ForgetCredentialsHandler implements ICommandHandler<ForgetCredentials, Outcome> {
  readonly #credentials: Credentials;
  readonly #sessions: Sessions;
  readonly #factors: TwoFactors;

  constructor(credentials: Credentials, sessions: Sessions, factors: TwoFactors) {
    this.#credentials = credentials;
    this.#sessions = sessions;
    this.#factors = factors;
  }

  async execute(command: ForgetCredentials): Promise<Outcome> {
    const refused = systemOnly(envelopeOf(command).principal);
    if (refused) return refused;
    await this.#credentials.remove(command.userId);
    await this.#factors.remove(command.userId);
    await this.#sessions.revokeAll(command.userId);
    return { done: true };
  }
}
