import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Envelope, Execution, envelopeOf, mustOwn, type Outcome, systemOnly } from '#commands';
import { isRefusal, type Refusal } from '#kernel';
import { type Organization, type OrganizationCommand, organization, roleIn } from '#organizations';
import { memberOf } from './members.ts';
import { People } from './people.ts';
import { FollowOwnership, TransferOwnership } from './user.commands.ts';
import { notManaged, ownerByTransfer } from './user.membership.ts';
import { isLiving, type User, type UserCommand, user } from './user.ts';

/** How long a nomination holds its place: far longer than the append that follows it may take. */
const NOMINATED_MS = 60_000;

/**
 * ORG-11: the new Owner is nominated on their own stream, which keeps them there; then one event of the organization
 * makes them the Owner, so that there are never none or two.
 */
@Injectable()
@CommandHandler(TransferOwnership)
export class TransferOwnershipHandler implements ICommandHandler<TransferOwnership, Outcome> {
  readonly #execution: Execution;
  readonly #people: People;

  constructor(execution: Execution, people: People) {
    this.#execution = execution;
    this.#people = people;
  }

  execute(command: TransferOwnership): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId } = command;
    return this.#execution.run(
      {
        decider: organization,
        id: organizationId,
        authorize: (principal) => mustOwn(principal, organizationId),
        command: (state: Organization) => this.#transfer(command, state, envelope),
        answer: (state) =>
          state.status === 'open' ? { organizationId: state.organizationId, ownerId: state.ownerId } : {},
      },
      envelope,
    );
  }

  async #transfer(
    { organizationId, newOwnerId, previousOwnerRole }: TransferOwnership,
    state: Organization,
    envelope: Envelope,
  ): Promise<OrganizationCommand | Refusal> {
    if (previousOwnerRole === 'owner') return ownerByTransfer;
    const previousOwnerId = envelope.principal.id;
    const { state: person } = await this.#people.load(newOwnerId);
    const already = state.status === 'open' && state.ownerId === newOwnerId;
    const refused = already ? undefined : await this.#nominate(person, organizationId, envelope);
    const newOwnerDomain = isLiving(person) ? person.domain : '';
    return (
      refused ?? { type: 'TransferOwnership', previousOwnerId, newOwnerId, newOwnerDomain, previousOwnerRole }
    );
  }

  async #nominate(person: User, organizationId: string, envelope: Envelope): Promise<Refusal | undefined> {
    if (person.status !== 'active' || !memberOf(person, organizationId)) return notManaged;
    if (envelope.dryRun) return undefined;
    const until = new Date(Date.parse(this.#execution.now()) + NOMINATED_MS).toISOString();
    const outcome = await this.#execution.run(
      { decider: user, id: person.userId, command: { type: 'NominateOwner', organizationId, until } },
      { ...envelope, ifMatch: undefined, commandId: `${envelope.commandId}/nomination/${until}` },
    );
    return isRefusal(outcome) ? outcome : undefined;
  }
}

@Injectable()
@CommandHandler(FollowOwnership)
export class FollowOwnershipHandler implements ICommandHandler<FollowOwnership, Outcome> {
  readonly #execution: Execution;

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  execute(command: FollowOwnership): Promise<Outcome> {
    const { userId, organizationId } = command;
    return this.#execution.run(
      {
        decider: user,
        id: userId,
        authorize: systemOnly,
        command: async (state: User): Promise<UserCommand> => {
          const { state: home } = await this.#execution.load(organization, organizationId);
          const role = memberOf(state, organizationId)?.membership?.role ?? 'standard_user';
          return { type: 'FollowOwnership', organizationId, role: roleIn(home, userId, role) };
        },
      },
      envelopeOf(command),
    );
  }
}
