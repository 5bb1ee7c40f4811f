import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Envelope, envelopeOf, type Outcome, systemOnly } from '#commands';
import { People } from './people.ts';
import { EraseUserData, ReleaseAddress } from './user.commands.ts';

@Injectable()
@CommandHandler(ReleaseAddress)
export class ReleaseAddressHandler implements ICommandHandler<ReleaseAddress, Outcome> {
  readonly #people: People;

  constructor(people: People) {
    this.#people = people;
  }

  async execute(command: ReleaseAddress): Promise<Outcome> {
    const envelope: Envelope = envelopeOf(command);
    const refused = systemOnly(envelope.principal);
    if (refused) return refused;
    const address = this.#people.address(command.email);
    return address ? this.#people.release(address, command.userId, envelope, command.before) : { done: true };
  }
}

/** What is kept of a person outside their own stream, wherever that is. */
export abstract class Erasure {
  /** For ever, and again without harm. Resolves when nothing readable is left. */
  abstract erase(userId: string): Promise<void>;
}

@Injectable()
@CommandHandler(EraseUserData)
export class EraseUserDataHandler implements ICommandHandler<EraseUserData, Outcome> {
  readonly #erasure: Erasure;

  constructor(erasure: Erasure) {
    this.#erasure = erasure;
  }

  async execute(command: EraseUserData): Promise<Outcome> {
    const refused = systemOnly(envelopeOf(command).principal);
    if (refused) return refused;
    await this.#erasure.erase(command.userId);
    return { done: true };
  }
}
