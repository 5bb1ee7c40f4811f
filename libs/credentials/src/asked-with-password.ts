import { Injectable } from '@nestjs/common';
import { Execution, envelopeOf, type OrgledgerCommand, type Outcome } from '#commands';
import { unauthenticated } from '#http';
import type { Refusal } from '#kernel';
import { type ActiveUser, People } from '#users';
import { type Credential, credential, passwordWrong } from './credential.ts';
import { homeOf } from './helped.ts';
import { OwnPassword } from './own-password.ts';

type Asked = OrgledgerCommand & { readonly userId: string; readonly currentPassword: string };

/** What a person changes about their own second factor, proved by their password. */
@Injectable()
export class AskedWithPassword {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #own: OwnPassword;

  constructor(execution: Execution, people: People, own: OwnPassword) {
    this.#execution = execution;
    this.#people = people;
    this.#own = own;
  }

  async decide(
    asked: Asked,
    type: 'DisableTwoFactor' | 'RenewRecoveryCodes',
    then: {
      readonly refusal?: (person: ActiveUser) => Promise<Refusal | undefined>;
      readonly answer: (state: Credential) => object;
    },
  ): Promise<Outcome> {
    const envelope = envelopeOf(asked);
    const { userId, currentPassword } = asked;
    const { state: person } = await this.#people.load(userId);
    if (person.status !== 'active') throw unauthenticated();
    const { traces } = await this.#execution.load(credential, userId);
    if (!traces.has(envelope.commandId)) {
      if (!(await this.#own.isKnown(person, currentPassword, envelope.sourceIp))) return passwordWrong;
      const refused = await then.refusal?.(person);
      if (refused) return refused;
    }
    const command = { type, userId, organizationId: homeOf(person) };
    return this.#execution.run({ decider: credential, id: userId, command, answer: then.answer }, envelope);
  }
}
