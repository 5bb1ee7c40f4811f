import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Envelope, Execution, envelopeOf, idFrom, mayManage, type Outcome, systemOnly } from '#commands';
import { VerifiedDomains } from '#domains';
import { unauthenticated, validationFailed } from '#http';
import { type AssignableRole, isRefusal, notFound, type Refusal, refuse } from '#kernel';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';
import { Credentials, Passwords, waitingPassword } from '#sign-in';
import { type Address, emailInvalid, People, Rates, takeOne } from '#users';
import {
  AcceptInvite,
  CancelInvitationsOfDomain,
  DeclineInvite,
  ResendInvite,
  SendInvite,
} from './invitation.commands.ts';
import {
  type Invitation,
  type InvitationCommand,
  invitation,
  invitationLinkInvalid,
  isOpen,
  mayBeResent,
} from './invitation.ts';
import { InvitationLinks } from './invitation-links.ts';
import { elsewhere, type Invitee, Invitees } from './invitees.ts';
import { PendingLimit } from './pending-limit.ts';

/** ROL-04. */
const ownerByTransfer = refuse(
  'invalid',
  'owner_role_by_transfer_only',
  'The Owner is not invited; ownership is transferred.',
);

export const invitationAnswer = (state: Invitation): object =>
  state.status === 'unknown'
    ? {}
    : {
        invitationId: state.invitationId,
        userId: state.userId,
        kind: state.kind,
        status: state.status,
        expiresAt: state.expiresAt,
      };

@Injectable()
@CommandHandler(SendInvite)
export class SendInviteHandler implements ICommandHandler<SendInvite, Outcome> {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #invitees: Invitees;
  readonly #domains: VerifiedDomains;
  readonly #links: InvitationLinks;
  readonly #limit: PendingLimit;

  constructor(
    execution: Execution,
    people: People,
    invitees: Invitees,
    domains: VerifiedDomains,
    links: InvitationLinks,
    limit: PendingLimit,
  ) {
    this.#execution = execution;
    this.#people = people;
    this.#invitees = invitees;
    this.#domains = domains;
    this.#links = links;
    this.#limit = limit;
  }

  async execute(command: SendInvite): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId, role } = command;
    const refused = mayManage(envelope.principal, organizationId);
    if (refused) return refused;
    if (role === 'owner') return ownerByTransfer;
    const address = this.#people.address(command.email);
    if (!address) return emailInvalid;
    const invitationId = idFrom(envelope.commandId, 'inv');
    const { state } = await this.#execution.load(invitation, invitationId);
    if (state.status !== 'unknown')
      return this.#send(invitationId, state, address, role, organizationId, envelope);
    const unproved = await this.#domains.refuses(organizationId, address.domain);
    if (unproved) return unproved;
    return this.#limit.within(organizationId, async () => {
      const invitee = await this.#invitees.prepare(invitationId, address, organizationId, envelope);
      return isRefusal(invitee)
        ? invitee
        : this.#send(invitationId, invitee, address, role, organizationId, envelope);
    });
  }

  #send(
    invitationId: string,
    { userId, kind }: Invitee,
    { email, domain }: Address,
    role: AssignableRole,
    organizationId: string,
    envelope: Envelope,
  ): Promise<Outcome> {
    return this.#execution.run(
      {
        decider: invitation,
        id: invitationId,
        command: {
          type: 'SendInvite',
          invitationId,
          organizationId,
          userId,
          email,
          domain,
          role,
          kind,
          invitedBy: envelope.principal.id,
          tokenHash: this.#links.hash(invitationId, 1),
          expiresAt: this.#links.expiry(this.#execution.now()),
        },
        answer: invitationAnswer,
      },
      envelope,
    );
  }
}

/** INV-05, INV-06; an expired one is brought back, with a new pending person where the first was discarded. */
@Injectable()
@CommandHandler(ResendInvite)
export class ResendInviteHandler implements ICommandHandler<ResendInvite, Outcome> {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #invitees: Invitees;
  readonly #domains: VerifiedDomains;
  readonly #links: InvitationLinks;
  readonly #limit: PendingLimit;
  readonly #rates: Rates;

  constructor(
    execution: Execution,
    people: People,
    invitees: Invitees,
    domains: VerifiedDomains,
    links: InvitationLinks,
    limit: PendingLimit,
    rates: Rates,
  ) {
    this.#execution = execution;
    this.#people = people;
    this.#invitees = invitees;
    this.#domains = domains;
    this.#links = links;
    this.#limit = limit;
    this.#rates = rates;
  }

  async execute(command: ResendInvite): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId, invitationId } = command;
    const { state, traces } = await this.#execution.load(invitation, invitationId);
    const refused = mayManage(envelope.principal, organizationId) ?? foreign(state, organizationId);
    if (refused || state.status === 'unknown') return refused ?? notFound;
    const address = this.#people.address(state.email);
    if (traces.has(envelope.commandId) || !mayBeResent(state) || !address)
      return this.#resend(invitationId, state, envelope);
    const unproved = await this.#domains.refuses(organizationId, state.domain);
    if (unproved) return unproved;
    if (!envelope.dryRun) await takeOne(this.#rates.mails, invitationId);
    const resend = async () => {
      const invitee = await this.#invitees.prepare(invitationId, address, organizationId, envelope);
      return isRefusal(invitee) ? invitee : this.#resend(invitationId, invitee, envelope);
    };
    return isOpen(state, this.#execution.now()) ? resend() : this.#limit.within(organizationId, resend);
  }

  #resend(invitationId: string, { userId, kind }: Invitee, envelope: Envelope): Promise<Outcome> {
    return this.#execution.run(
      {
        decider: invitation,
        id: invitationId,
        command: (newest: Invitation): InvitationCommand => ({
          type: 'ResendInvite',
          userId,
          kind,
          tokenHash: this.#links.hash(
            invitationId,
            (newest.status === 'unknown' ? 0 : newest.generation) + 1,
          ),
          expiresAt: this.#links.expiry(this.#execution.now()),
        }),
        answer: invitationAnswer,
      },
      envelope,
    );
  }
}

@Injectable()
@CommandHandler(AcceptInvite)
export class AcceptInviteHandler implements ICommandHandler<AcceptInvite, Outcome> {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #domains: VerifiedDomains;
  readonly #links: InvitationLinks;
  readonly #passwords: Passwords;
  readonly #credentials: Credentials;

  constructor(
    execution: Execution,
    people: People,
    domains: VerifiedDomains,
    links: InvitationLinks,
    passwords: Passwords,
    credentials: Credentials,
  ) {
    this.#execution = execution;
    this.#people = people;
    this.#domains = domains;
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
    invited: Exclude<Invitation, { status: 'unknown' }>,
    envelope: Envelope,
  ): Promise<Refusal | undefined> {
    const unproved = await this.#domains.refuses(invited.organizationId, invited.domain);
    if (unproved) return unproved;
    const { state: person } = await this.#people.load(invited.userId);
    if (person.status === 'active') {
      if (envelope.principal.userId === null)
        throw unauthenticated('Sign in first, then accept the invitation.');
      if (envelope.principal.userId !== person.userId) return invitationLinkInvalid;
      return person.membership && person.membership.organizationId !== invited.organizationId
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
}

const acceptanceAnswer = (state: Invitation): object =>
  state.status === 'unknown'
    ? {}
    : {
        invitationId: state.invitationId,
        userId: state.userId,
        organizationId: state.organizationId,
        role: state.role,
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

/** AMB-12, DOM-16: the domain is gone, and with it what invites to it. */
@Injectable()
@CommandHandler(CancelInvitationsOfDomain)
export class CancelInvitationsOfDomainHandler implements ICommandHandler<CancelInvitationsOfDomain, Outcome> {
  readonly #execution: Execution;
  readonly #readModels: ReadModels;
  readonly #log: LogHead;

  constructor(execution: Execution, readModels: ReadModels, log: LogHead) {
    this.#execution = execution;
    this.#readModels = readModels;
    this.#log = log;
  }

  async execute(command: CancelInvitationsOfDomain): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const refused = systemOnly(envelope.principal);
    if (refused) return refused;
    const { organizationId, domain, before } = command;
    await this.#readModels.reach(await this.#log.head(), ['invitations']);
    let last: Outcome = { done: true };
    for await (const invitationId of this.#pending(organizationId, domain, before)) {
      const outcome = await this.#execution.run(
        {
          decider: invitation,
          id: invitationId,
          command: { type: 'CancelInvite', reason: 'domain_deleted' },
        },
        { ...envelope, commandId: `${envelope.commandId}/${invitationId}` },
      );
      if (!isRefusal(outcome)) last = outcome;
    }
    return last;
  }

  async *#pending(organizationId: string, domain: string, before: string): AsyncIterable<string> {
    let after: readonly [string | number | boolean | null, string] | undefined;
    do {
      const page = await this.#readModels.list<{ invitationId: string }>('invitations', {
        where: { organizationId, domain, status: 'pending', sentAt: { upTo: before } },
        sort: { field: 'email', direction: 1 },
        limit: 200,
        after,
        totals: false,
      });
      for (const { invitationId } of page.items) yield invitationId;
      after = page.next ?? undefined;
    } while (after);
  }
}

/** Another organization's invitation answers like one that is not there. */
export const foreign = (state: Invitation, organizationId: string): Refusal | undefined =>
  state.status === 'unknown' || state.organizationId !== organizationId ? notFound : undefined;
