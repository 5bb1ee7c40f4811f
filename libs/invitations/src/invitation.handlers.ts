import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import {
  conflictWith,
  type Envelope,
  Execution,
  envelopeOf,
  idFrom,
  mayManage,
  type Outcome,
} from '#commands';
import { VerifiedDomains } from '#domains';
import { isRefusal, notFound, type Refusal, refuse } from '#kernel';
import { type Address, emailInvalid, People, Rates, Room, takeOne } from '#users';
import { AccountDoors } from './account-doors.ts';
import { CancelInvite, ResendInvite, SendInvite } from './invitation.commands.ts';
import {
  type Invitation,
  type InvitationCommand,
  invitation,
  isOpen,
  mayBeResent,
  notPending,
} from './invitation.ts';
import { InvitationLinks } from './invitation-links.ts';
import {
  destinationOf,
  InvitationSending,
  invitationAnswer,
  type KnownInvitation,
} from './invitation-sending.ts';
import { type Invitee, Invitees } from './invitees.ts';
import { PendingLimit } from './pending-limit.ts';

/** ROL-04. */
const ownerByTransfer = refuse(
  'invalid',
  'owner_role_by_transfer_only',
  'The Owner is not invited; ownership is transferred.',
);

/** INV-01, INV-13. */
@Injectable()
@CommandHandler(SendInvite)
export class SendInviteHandler implements ICommandHandler<SendInvite, Outcome> {
  readonly #people: People;
  readonly #domains: VerifiedDomains;
  readonly #sending: InvitationSending;
  readonly #room: Room;

  constructor(people: People, domains: VerifiedDomains, sending: InvitationSending, room: Room) {
    this.#people = people;
    this.#domains = domains;
    this.#sending = sending;
    this.#room = room;
  }

  async execute(command: SendInvite): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId, role, accounts = [] } = command;
    const invitationId = idFrom(envelope.commandId, 'inv');
    const refused =
      (await this.#sending.repeated(invitationId, envelope)) ?? mayManage(envelope.principal, organizationId);
    if (refused) return refused;
    if (role === 'owner') return ownerByTransfer;
    const address = this.#people.address(command.email);
    if (!address) return emailInvalid;
    const offer = { organizationId, role, accountId: null, accounts, joinsOrganizationId: null };
    const unfit =
      (await this.#sending.refusesAccounts(organizationId, accounts)) ??
      (await this.#domains.refuses(organizationId, address.domain)) ??
      (await this.#room.refuses(organizationId));
    return unfit ?? this.#sending.send(invitationId, offer, address, envelope);
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
  readonly #doors: AccountDoors;
  readonly #sending: InvitationSending;
  readonly #links: InvitationLinks;
  readonly #limit: PendingLimit;
  readonly #rates: Rates;

  constructor(
    execution: Execution,
    people: People,
    invitees: Invitees,
    domains: VerifiedDomains,
    doors: AccountDoors,
    sending: InvitationSending,
    links: InvitationLinks,
    limit: PendingLimit,
    rates: Rates,
  ) {
    this.#execution = execution;
    this.#people = people;
    this.#invitees = invitees;
    this.#domains = domains;
    this.#doors = doors;
    this.#sending = sending;
    this.#links = links;
    this.#limit = limit;
    this.#rates = rates;
  }

  async execute(command: ResendInvite): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { invitationId } = command;
    const { state, revision } = await this.#execution.load(invitation, invitationId);
    const refused =
      (await this.#sending.repeated(invitationId, envelope)) ??
      (await this.#sending.mayHandle(envelope.principal, state, command));
    if (refused || state.status === 'unknown') return refused ?? notFound;
    const address = this.#people.address(state.email);
    if (!mayBeResent(state)) return this.#resend(invitationId, state, envelope);
    if (!address) return notPending;
    const unfit = conflictWith(envelope, revision) ?? (await this.#unproved(state, address));
    if (unfit) return unfit;
    if (!envelope.dryRun) await takeOne(this.#rates.mails, invitationId);
    const to = destinationOf(state);
    const resend = async () => {
      const invitee = await this.#invitees.prepare(invitationId, address, to, envelope);
      return isRefusal(invitee) ? invitee : this.#resend(invitationId, invitee, envelope);
    };
    return isOpen(state, this.#execution.now()) ? resend() : this.#limit.within(to.sentFrom, resend);
  }

  #unproved({ organizationId, role }: KnownInvitation, { domain }: Address): Promise<Refusal | undefined> {
    return role !== null && organizationId !== null
      ? this.#domains.refuses(organizationId, domain)
      : this.#doors.unvalidated(domain);
  }

  #resend(
    invitationId: string,
    { userId, kind, ownedAccountIds, absorbs }: Invitee,
    envelope: Envelope,
  ): Promise<Outcome> {
    return this.#execution.run(
      {
        decider: invitation,
        id: invitationId,
        command: (newest: Invitation): InvitationCommand => ({
          type: 'ResendInvite',
          userId,
          kind,
          ownedAccountIds,
          absorbs,
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
@CommandHandler(CancelInvite)
export class CancelInviteHandler implements ICommandHandler<CancelInvite, Outcome> {
  readonly #execution: Execution;
  readonly #sending: InvitationSending;

  constructor(execution: Execution, sending: InvitationSending) {
    this.#execution = execution;
    this.#sending = sending;
  }

  async execute(command: CancelInvite): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { invitationId } = command;
    const { state } = await this.#execution.load(invitation, invitationId);
    const refused =
      (await this.#sending.repeated(invitationId, envelope)) ??
      (await this.#sending.mayHandle(envelope.principal, state, command));
    if (refused) return refused;
    return this.#execution.run(
      {
        decider: invitation,
        id: invitationId,
        command: { type: 'CancelInvite', reason: 'manual' },
        answer: invitationAnswer,
      },
      envelope,
    );
  }
}
