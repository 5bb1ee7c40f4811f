import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Account, type AccountCommand, account, inactive, mayManageAccount } from '#accounts';
import { type Envelope, Execution, envelopeOf, idFrom, type Outcome, systemOnly } from '#commands';
import { isRefusal, notFound, type Refusal, rolesRefusal } from '#kernel';
import { type Address, emailInvalid, isLiving, type Living, People } from '#users';
import { AccountDoors } from './account-doors.ts';
import { GrantAccountAccess, InviteToAccount } from './invitation.commands.ts';
import { invitation } from './invitation.ts';
import { accountUnknown, InvitationSending, type KnownInvitation } from './invitation-sending.ts';

/** INV-02, INV-09. */
@Injectable()
@CommandHandler(InviteToAccount)
export class InviteToAccountHandler implements ICommandHandler<InviteToAccount, Outcome> {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #doors: AccountDoors;
  readonly #sending: InvitationSending;

  constructor(execution: Execution, people: People, doors: AccountDoors, sending: InvitationSending) {
    this.#execution = execution;
    this.#people = people;
    this.#doors = doors;
    this.#sending = sending;
  }

  async execute(command: InviteToAccount): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { accountId, roles } = command;
    const { state, traces } = await this.#execution.load(account, accountId);
    const address = this.#people.address(command.email);
    const repeated =
      address && (await this.#repeated(command, traces.has(envelope.commandId), address, envelope));
    if (repeated) return repeated;
    const refused = mayManageAccount(envelope.principal, state) ?? rolesRefusal(roles);
    if (refused || state.status === 'unknown') return refused ?? notFound;
    if (!address) return emailInvalid;
    const door = inactive(state) ?? (await this.#doors.find(address, state, envelope.principal));
    if (isRefusal(door)) return door;
    const invitationId = idFrom(envelope.commandId, 'inv');
    const { organizationId } = state;
    const accounts = [{ accountId, roles }];
    switch (door.way) {
      case 'at_once':
        return this.#grant(command, door.user, envelope);
      case 'with_the_organization': {
        const joining = { role: 'standard_user', accountId: null, joinsOrganizationId: null } as const;
        const offer = { organizationId, ...joining, accounts };
        return this.#sending.send(invitationId, offer, address, envelope);
      }
      default: {
        const offer = { organizationId, role: null, accountId, accounts, joinsOrganizationId: door.joins };
        return this.#sending.send(invitationId, offer, address, envelope);
      }
    }
  }

  /** The same command again is answered by what it led to, whatever leads there now. */
  async #repeated(
    command: InviteToAccount,
    hasGranted: boolean,
    address: Address,
    envelope: Envelope,
  ): Promise<Outcome | undefined> {
    const sent = await this.#sending.repeated(idFrom(envelope.commandId, 'inv'), envelope);
    if (sent) return sent;
    const person = hasGranted ? await this.#people.withAddress(address) : undefined;
    return person && isLiving(person) ? this.#grant(command, person, envelope) : undefined;
  }

  #grant({ accountId, roles }: InviteToAccount, user: Living, envelope: Envelope): Promise<Outcome> {
    const { userId, email, domain, givenName, familyName } = user;
    return this.#execution.run(
      {
        decider: account,
        id: accountId,
        authorize: mayManageAccount,
        command: {
          type: 'GrantAccountAccess',
          user: { userId, email, domain, givenName, familyName },
          roles,
          invitationId: null,
        },
        answer: (state: Account) => ({
          granted: true,
          accountId,
          userId,
          roles: state.status === 'unknown' ? [] : (state.access[userId] ?? []),
        }),
      },
      envelope,
    );
  }
}

/** INV-03: only what was accepted, and not taken back since. */
@Injectable()
@CommandHandler(GrantAccountAccess)
export class GrantAccountAccessHandler implements ICommandHandler<GrantAccountAccess, Outcome> {
  readonly #execution: Execution;
  readonly #people: People;

  constructor(execution: Execution, people: People) {
    this.#execution = execution;
    this.#people = people;
  }

  async execute(command: GrantAccountAccess): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const refused = systemOnly(envelope.principal);
    if (refused) return refused;
    const { invitationId, accountId, userId, roles } = command;
    const { state: invited } = await this.#execution.load(invitation, invitationId);
    const { state: person } = await this.#people.load(userId);
    if (invited.status !== 'accepted' || !isLiving(person)) return { done: true };
    const { email, domain, givenName, familyName } = person;
    return this.#execution.run(
      {
        decider: account,
        id: accountId,
        command: (state: Account): AccountCommand | Refusal =>
          hasLeft(state, invited)
            ? accountUnknown
            : {
                type: 'GrantAccountAccess',
                user: { userId, email, domain, givenName, familyName },
                roles,
                invitationId,
              },
      },
      envelope,
    );
  }
}

/** What an organization offers is its own: an account that left it meanwhile is not. */
const hasLeft = (state: Account, { accountId: sentFrom, organizationId }: KnownInvitation): boolean =>
  sentFrom === null && state.status !== 'unknown' && state.organizationId !== organizationId;
