import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { account, inactive } from '#accounts';
import { type Envelope, Execution, envelopeOf, type Outcome } from '#commands';
import { VerifiedDomains } from '#domains';
import { unauthenticated, validationFailed } from '#http';
import { isRefusal, type Refusal, refuse } from '#kernel';
import { Credentials, Passwords, waitingPassword } from '#sign-in';
import { isLiving, People, Room } from '#users';
import { AccountDoors } from './account-doors.ts';
import { AcceptInvite, DeclineInvite } from './invitation.commands.ts';
import { type Invitation, invitation, invitationLinkInvalid, isOpen } from './invitation.ts';
import { InvitationLinks } from './invitation-links.ts';
import type { KnownInvitation } from './invitation-sending.ts';
import { elsewhere, homeOf, MergeOffers } from './invitees.ts';

@Injectable()
@CommandHandler(AcceptInvite)
export class AcceptInviteHandler implements ICommandHandler<AcceptInvite, Outcome> {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #domains: VerifiedDomains;
  readonly #doors: AccountDoors;
  readonly #links: InvitationLinks;
  readonly #passwords: Passwords;
  readonly #credentials: Credentials;
  readonly #room: Room;
  readonly #offers: MergeOffers;

  constructor(
    execution: Execution,
    people: People,
    domains: VerifiedDomains,
    doors: AccountDoors,
    links: InvitationLinks,
    passwords: Passwords,
    credentials: Credentials,
    room: Room,
    offers: MergeOffers,
  ) {
    this.#offers = offers;
    this.#room = room;
    this.#execution = execution;
    this.#people = people;
    this.#domains = domains;
    this.#doors = doors;
    this.#links = links;
    this.#passwords = passwords;
    this.#credentials = credentials;
  }

  async execute(command: AcceptInvite): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const opened = await this.#links.opened(command.token, this.#execution);
    if (!opened) return invitationLinkInvalid;
    const { state, traces } = opened;
    const { principal } = envelope;
    const step = { decider: invitation, id: state.invitationId, answer: acceptanceAnswer };
    const repeated = traces.has(envelope.commandId);
    if (state.status === 'accepted' && !repeated)
      return principal.userId === state.userId
        ? this.#execution.answered(step, 'InviteAccepted')
        : invitationLinkInvalid;
    if (!repeated) {
      if (!isOpen(state, this.#execution.now())) return invitationLinkInvalid;
      const refused = await this.#gather(command, state, envelope);
      if (refused) return refused;
    }
    const outcome = await this.#execution.run(
      {
        ...step,
        command: {
          type: 'AcceptInvite',
          tokenHash: state.tokenHash,
          userId: state.userId,
          givenName: command.givenName,
          familyName: command.familyName,
        },
      },
      { ...envelope, principal: { ...principal, type: 'user', id: state.userId } },
    );
    if (isRefusal(outcome)) await this.#credentials.remove(waitingPassword(envelope.commandId));
    return outcome;
  }

  /** What must be true of the person and the domain; a new person's password is put where the outcome finds it. */
  async #gather(
    command: AcceptInvite,
    invited: KnownInvitation,
    envelope: Envelope,
  ): Promise<Refusal | undefined> {
    const closed = await this.#closed(invited);
    if (closed) return closed;
    const { state: person } = await this.#people.load(invited.userId);
    if (isLiving(person)) {
      if (envelope.principal.userId === null)
        throw unauthenticated('Sign in first, then accept the invitation.');
      if (envelope.principal.userId !== person.userId || person.email !== invited.email)
        return invitationLinkInvalid;
      const home = homeOf(person);
      if (invited.absorbs !== null && home === invited.absorbs)
        return this.#offers.refuses(person.userId, home);
      return invited.role !== null && home !== null && home !== invited.organizationId
        ? elsewhere
        : undefined;
    }
    if (person.status !== 'pending') return invitationLinkInvalid;
    const { password, givenName, familyName } = command;
    const missing = Object.entries({ password, givenName, familyName }).filter(
      ([, value]) => value === undefined,
    );
    if (missing.length > 0)
      throw validationFailed(
        missing.map(([field]) => ({
          field,
          code: 'required',
          message: 'is needed to join as a new person',
        })),
      );
    const names = [givenName as string, familyName as string];
    const weak = this.#passwords.tooWeak(password as string, { email: invited.email, names });
    if (weak) return refuse('invalid', 'password_too_weak', weak);
    if (!envelope.dryRun)
      await this.#credentials.set(
        waitingPassword(envelope.commandId),
        await this.#passwords.hash(password as string),
      );
    return undefined;
  }

  /** Why nobody comes in this way just now: the domain lost its proof, the account ended, the house is full. */
  async #closed(invited: KnownInvitation): Promise<Refusal | undefined> {
    const { organizationId, role, domain, accountId, ownedAccountIds } = invited;
    if (role !== null && organizationId !== null)
      return (
        (await this.#domains.refuses(organizationId, domain)) ??
        (await this.#room.refuses(organizationId, { users: 1, accounts: ownedAccountIds }))
      );
    const unvalidated = await this.#doors.unvalidated(domain);
    if (unvalidated || accountId === null) return unvalidated;
    return inactive((await this.#execution.load(account, accountId)).state);
  }
}

const acceptanceAnswer = (state: Invitation): object =>
  state.status === 'unknown'
    ? {}
    : {
        invitationId: state.invitationId,
        userId: state.userId,
        organizationId: state.organizationId,
        role: state.role,
        accounts: state.accounts,
      };

@Injectable()
@CommandHandler(DeclineInvite)
export class DeclineInviteHandler implements ICommandHandler<DeclineInvite, Outcome> {
  readonly #execution: Execution;
  readonly #links: InvitationLinks;

  constructor(execution: Execution, links: InvitationLinks) {
    this.#execution = execution;
    this.#links = links;
  }

  async execute(command: DeclineInvite): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { state } = (await this.#links.opened(command.token, this.#execution)) ?? {};
    if (!state) return invitationLinkInvalid;
    return this.#execution.run(
      {
        decider: invitation,
        id: state.invitationId,
        command: { type: 'DeclineInvite', tokenHash: state.tokenHash },
      },
      { ...envelope, principal: { ...envelope.principal, type: 'user', id: state.userId } },
    );
  }
}
