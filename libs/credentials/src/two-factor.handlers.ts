import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { conflictWith, Execution, envelopeOf, type Outcome, systemOnly } from '#commands';
import { unauthenticated } from '#http';
import { isRefusal, type Refusal, refuse } from '#kernel';
import { TwoFactors } from '#sign-in';
import { People } from '#users';
import { AskedWithPassword } from './asked-with-password.ts';
import {
  DisableTwoFactor,
  EnrolTwoFactor,
  FollowTwoFactor,
  RenewRecoveryCodes,
  ResetTwoFactor,
} from './credential.commands.ts';
import { type CredentialCommand, credential } from './credential.ts';
import { CredentialKeeper } from './credential-keeper.ts';
import { Guesses } from './guesses.ts';
import { helped, homeOf } from './helped.ts';
import { SecondFactorRequirement } from './second-factor-requirement.ts';

const codeWrong = refuse('invalid', 'two_factor_code_invalid', 'The code is not right.');
const notBegun = refuse('conflict', 'two_factor_not_begun', 'Begin to set up a second factor first.');
const required = refuse('conflict', 'two_factor_required', 'A second factor is required of you.');

@Injectable()
@CommandHandler(EnrolTwoFactor)
export class EnrolTwoFactorHandler implements ICommandHandler<EnrolTwoFactor, Outcome> {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #factors: TwoFactors;
  readonly #guesses: Guesses;
  readonly #keeper: CredentialKeeper;

  constructor(
    execution: Execution,
    people: People,
    factors: TwoFactors,
    guesses: Guesses,
    keeper: CredentialKeeper,
  ) {
    this.#execution = execution;
    this.#people = people;
    this.#factors = factors;
    this.#guesses = guesses;
    this.#keeper = keeper;
  }

  async execute(command: EnrolTwoFactor): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { commandId, principal, sourceIp, dryRun } = envelope;
    const { userId, code } = command;
    const { state: person } = await this.#people.load(userId);
    if (person.status !== 'active') throw unauthenticated();
    const { traces } = await this.#execution.load(credential, userId);
    const repeated = traces.has(commandId);
    if (!repeated && !(await this.#factors.isBeingSetUp(userId))) return notBegun;
    const [address, source] = [this.#people.hash(person.email), sourceIp ?? ''];
    const proved = repeated
      ? undefined
      : await this.#guesses.attempt(address, source, () => this.#factors.prove(userId, code, { dryRun }));
    if (!repeated && !proved) return codeWrong;
    if (proved) await this.#guesses.released(address, source);
    const outcome = await this.#execution.run(
      {
        decider: credential,
        id: userId,
        command: (): CredentialCommand | Refusal =>
          proved ? { type: 'EnrolTwoFactor', userId, organizationId: homeOf(person), ...proved } : codeWrong,
        answer: ({ twoFactor }) => ({
          method: twoFactor?.method,
          recoveryCodes: this.#factors.recovery.ofBatch(twoFactor),
        }),
      },
      envelope,
    );
    if ('revision' in outcome) await this.#keeper.followTwoFactor(userId, principal.sessionId);
    return outcome;
  }
}

@Injectable()
@CommandHandler(DisableTwoFactor)
export class DisableTwoFactorHandler implements ICommandHandler<DisableTwoFactor, Outcome> {
  readonly #asked: AskedWithPassword;
  readonly #requirement: SecondFactorRequirement;
  readonly #keeper: CredentialKeeper;

  constructor(asked: AskedWithPassword, requirement: SecondFactorRequirement, keeper: CredentialKeeper) {
    this.#asked = asked;
    this.#requirement = requirement;
    this.#keeper = keeper;
  }

  async execute(command: DisableTwoFactor): Promise<Outcome> {
    const outcome = await this.#asked.decide(command, 'DisableTwoFactor', {
      refusal: async (person) => ((await this.#requirement.appliesTo(person)) ? required : undefined),
      answer: ({ twoFactor }) => ({ method: twoFactor?.method ?? null }),
    });
    if ('revision' in outcome) await this.#keeper.followTwoFactor(command.userId);
    return outcome;
  }
}

@Injectable()
@CommandHandler(RenewRecoveryCodes)
export class RenewRecoveryCodesHandler implements ICommandHandler<RenewRecoveryCodes, Outcome> {
  readonly #asked: AskedWithPassword;
  readonly #factors: TwoFactors;
  readonly #keeper: CredentialKeeper;

  constructor(asked: AskedWithPassword, factors: TwoFactors, keeper: CredentialKeeper) {
    this.#asked = asked;
    this.#factors = factors;
    this.#keeper = keeper;
  }

  async execute(command: RenewRecoveryCodes): Promise<Outcome> {
    const outcome = await this.#asked.decide(command, 'RenewRecoveryCodes', {
      answer: ({ twoFactor }) => ({ recoveryCodes: this.#factors.recovery.ofBatch(twoFactor) }),
    });
    if ('revision' in outcome) await this.#keeper.followTwoFactor(command.userId);
    return outcome;
  }
}

/** USR-13: the person is told by mail, and asked for a new one at the next sign-in. */
@Injectable()
@CommandHandler(ResetTwoFactor)
export class ResetTwoFactorHandler implements ICommandHandler<ResetTwoFactor, Outcome> {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #keeper: CredentialKeeper;

  constructor(execution: Execution, people: People, keeper: CredentialKeeper) {
    this.#execution = execution;
    this.#people = people;
    this.#keeper = keeper;
  }

  async execute(command: ResetTwoFactor): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId, userId } = command;
    const one = { decider: credential, id: userId, answer: () => ({ userId }) };
    const again = await this.#execution.repeated(one, envelope);
    if (again) return again;
    const { state, revision } = await this.#people.load(userId);
    const person = helped(envelope.principal, organizationId, state);
    if (isRefusal(person)) return person;
    const conflict = conflictWith(envelope, revision);
    if (conflict) return conflict;
    const outcome = await this.#execution.run(
      { ...one, command: { type: 'ResetTwoFactor', userId, organizationId: homeOf(person) } },
      { ...envelope, ifMatch: undefined },
    );
    if ('revision' in outcome) await this.#keeper.followTwoFactor(userId);
    return outcome;
  }
}

/** Changes no stream: brings the store to what the log says. */
@Injectable()
@CommandHandler(FollowTwoFactor)
export class FollowTwoFactorHandler implements ICommandHandler<FollowTwoFactor, Outcome> {
  readonly #keeper: CredentialKeeper;

  constructor(keeper: CredentialKeeper) {
    this.#keeper = keeper;
  }

  async execute(command: FollowTwoFactor): Promise<Outcome> {
    const refused = systemOnly(envelopeOf(command).principal);
    if (refused) return refused;
    await this.#keeper.followTwoFactor(command.userId);
    return { done: true };
  }
}
