import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { conflictWith, Execution, envelopeOf, type Outcome, systemOnly } from '#commands';
import { unauthenticated } from '#http';
import { isRefusal, refuse } from '#kernel';
import { Credentials, Passwords } from '#sign-in';
import { People } from '#users';
import {
  AdoptPassword,
  AskForProof,
  ChangePassword,
  CompletePasswordReset,
  ForgetPassword,
  ResetPassword,
} from './credential.commands.ts';
import { type Credential, credential, linkInvalid, passwordWrong } from './credential.ts';
import { CredentialKeeper } from './credential-keeper.ts';
import { Guesses } from './guesses.ts';
import { helped, homeOf } from './helped.ts';
import { OwnPassword } from './own-password.ts';
import { PasswordLinks } from './password-links.ts';

const changed = ({ passwordChangedAt }: Credential) => ({ changedAt: passwordChangedAt });

@Injectable()
@CommandHandler(ChangePassword)
export class ChangePasswordHandler implements ICommandHandler<ChangePassword, Outcome> {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #passwords: Passwords;
  readonly #credentials: Credentials;
  readonly #own: OwnPassword;
  readonly #keeper: CredentialKeeper;

  constructor(
    execution: Execution,
    people: People,
    passwords: Passwords,
    credentials: Credentials,
    own: OwnPassword,
    keeper: CredentialKeeper,
  ) {
    this.#execution = execution;
    this.#people = people;
    this.#passwords = passwords;
    this.#credentials = credentials;
    this.#own = own;
    this.#keeper = keeper;
  }

  async execute(command: ChangePassword): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { commandId, principal, sourceIp } = envelope;
    const { userId, currentPassword, newPassword } = command;
    const { state: person } = await this.#people.load(userId);
    if (person.status !== 'active') throw unauthenticated();
    const { traces } = await this.#execution.load(credential, userId);
    if (!traces.has(commandId)) {
      if (!(await this.#own.isKnown(person, currentPassword, sourceIp))) return passwordWrong;
      const { email, givenName, familyName } = person;
      const weak = this.#passwords.tooWeak(newPassword, { email, names: [givenName, familyName] });
      if (weak) return refuse('invalid', 'password_too_weak', weak);
      if (!envelope.dryRun)
        await this.#credentials.wait(commandId, await this.#passwords.hash(newPassword), principal.sessionId);
    }
    const outcome = await this.#execution.run(
      {
        decider: credential,
        id: userId,
        command: { type: 'ChangePassword', userId, organizationId: homeOf(person) },
        answer: changed,
      },
      envelope,
    );
    return this.#keeper.settle(userId, commandId, outcome);
  }
}

/** USR-12: the old password works no more, every session ends, a link is mailed. */
@Injectable()
@CommandHandler(ResetPassword)
export class ResetPasswordHandler implements ICommandHandler<ResetPassword, Outcome> {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #links: PasswordLinks;
  readonly #keeper: CredentialKeeper;

  constructor(execution: Execution, people: People, links: PasswordLinks, keeper: CredentialKeeper) {
    this.#execution = execution;
    this.#people = people;
    this.#links = links;
    this.#keeper = keeper;
  }

  async execute(command: ResetPassword): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId, userId } = command;
    const one = {
      decider: credential,
      id: userId,
      answer: ({ reset }: Credential) => ({
        userId,
        requestedAt: reset?.requestedAt,
        expiresAt: reset?.expiresAt,
      }),
    };
    const again = await this.#execution.repeated(one, envelope);
    if (again) return again;
    const { state: person, revision } = await this.#people.load(userId);
    const allowed = helped(envelope.principal, organizationId, person);
    if (isRefusal(allowed)) return allowed;
    const conflict = conflictWith(envelope, revision);
    if (conflict) return conflict;
    const outcome = await this.#execution.run(
      { ...one, command: this.#links.request(allowed, 'administrator') },
      { ...envelope, ifMatch: undefined },
    );
    if (!isRefusal(outcome) && 'requestedAt' in outcome)
      await this.#keeper.forgetPassword(userId, String(outcome.requestedAt));
    return outcome;
  }
}

@Injectable()
@CommandHandler(CompletePasswordReset)
export class CompletePasswordResetHandler implements ICommandHandler<CompletePasswordReset, Outcome> {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #links: PasswordLinks;
  readonly #passwords: Passwords;
  readonly #credentials: Credentials;
  readonly #guesses: Guesses;
  readonly #keeper: CredentialKeeper;

  constructor(
    execution: Execution,
    people: People,
    links: PasswordLinks,
    passwords: Passwords,
    credentials: Credentials,
    guesses: Guesses,
    keeper: CredentialKeeper,
  ) {
    this.#execution = execution;
    this.#people = people;
    this.#links = links;
    this.#passwords = passwords;
    this.#credentials = credentials;
    this.#guesses = guesses;
    this.#keeper = keeper;
  }

  async execute(command: CompletePasswordReset): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { commandId, dryRun, principal } = envelope;
    const { token, newPassword } = command;
    const userId = this.#links.read(token);
    if (userId === undefined) return linkInvalid;
    const { state: person } = await this.#people.load(userId);
    if (person.status !== 'active') return linkInvalid;
    const actor = { ...principal, type: 'user', id: userId } as const;
    const complete = this.#links.complete(person, token);
    const { state, traces } = await this.#execution.load(credential, userId);
    if (!traces.has(commandId)) {
      const decision = credential.decide(complete, state, { now: this.#execution.now(), actor });
      if (isRefusal(decision)) return decision;
      const { email, givenName, familyName } = person;
      const weak = this.#passwords.tooWeak(newPassword, { email, names: [givenName, familyName] });
      if (weak) return refuse('invalid', 'password_too_weak', weak);
      if (!dryRun) await this.#credentials.wait(commandId, await this.#passwords.hash(newPassword));
    }
    const outcome = await this.#execution.run(
      {
        decider: credential,
        id: userId,
        command: complete,
        answer: (after) => ({ userId, ...changed(after) }),
      },
      { ...envelope, principal: actor },
    );
    if (!isRefusal(outcome) && !dryRun) await this.#guesses.forgotten(this.#links.addressOf(person));
    return this.#keeper.settle(userId, commandId, outcome);
  }
}

/** Changes no stream: a credential is not an event. */
@Injectable()
@CommandHandler(AdoptPassword)
export class AdoptPasswordHandler implements ICommandHandler<AdoptPassword, Outcome> {
  readonly #keeper: CredentialKeeper;

  constructor(keeper: CredentialKeeper) {
    this.#keeper = keeper;
  }

  async execute(command: AdoptPassword): Promise<Outcome> {
    const refused = systemOnly(envelopeOf(command).principal);
    if (refused) return refused;
    await this.#keeper.adoptPassword(command.userId, command.from, command.at);
    return { done: true };
  }
}

@Injectable()
@CommandHandler(ForgetPassword)
export class ForgetPasswordHandler implements ICommandHandler<ForgetPassword, Outcome> {
  readonly #keeper: CredentialKeeper;

  constructor(keeper: CredentialKeeper) {
    this.#keeper = keeper;
  }

  async execute(command: ForgetPassword): Promise<Outcome> {
    const refused = systemOnly(envelopeOf(command).principal);
    if (refused) return refused;
    await this.#keeper.forgetPassword(command.userId, command.at);
    return { done: true };
  }
}

@Injectable()
@CommandHandler(AskForProof)
export class AskForProofHandler implements ICommandHandler<AskForProof, Outcome> {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #links: PasswordLinks;

  constructor(execution: Execution, people: People, links: PasswordLinks) {
    this.#execution = execution;
    this.#people = people;
    this.#links = links;
  }

  /** As an administrator's reset does it (USR-12): the password and the sessions end, and a link is mailed. */
  async execute(command: AskForProof): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const refused = systemOnly(envelope.principal);
    if (refused) return refused;
    const { state: person } = await this.#people.load(command.userId);
    if (person.status !== 'active' || person.emailVerified) return { done: true };
    return this.#execution.run(
      { decider: credential, id: person.userId, command: this.#links.request(person, 'administrator') },
      envelope,
    );
  }
}
