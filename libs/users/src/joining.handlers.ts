import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Execution, envelopeOf, idFrom, type Outcome, systemOnly } from '#commands';
import { VerifiedDomains } from '#domains';
import { unauthenticated } from '#http';
import { organization, refusalWhileEnding } from '#organizations';
import { memberOf } from './members.ts';
import { People } from './people.ts';
import { type Coming, Room } from './room.ts';
import { FoundOrganization, JoinOrganization } from './user.commands.ts';
import { isLiving, type User, user } from './user.ts';

@Injectable()
@CommandHandler(JoinOrganization)
export class JoinOrganizationHandler implements ICommandHandler<JoinOrganization, Outcome> {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #domains: VerifiedDomains;
  readonly #room: Room;

  constructor(execution: Execution, people: People, domains: VerifiedDomains, room: Room) {
    this.#execution = execution;
    this.#people = people;
    this.#domains = domains;
    this.#room = room;
  }

  async execute(command: JoinOrganization): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { userId, organizationId, role, via, invitationId, givenName, familyName } = command;
    const joined = await this.#execution.repeated({ decider: user, id: userId }, envelope);
    if (joined) return joined;
    const { state } = await this.#people.load(userId);
    if (via === 'auto_join' && !(await this.#letsIn(state, organizationId))) return { done: true };
    const { state: home } = await this.#execution.load(organization, organizationId);
    const ending = refusalWhileEnding(home);
    if (ending) return ending;
    const join = () =>
      this.#execution.run(
        {
          decider: user,
          id: userId,
          authorize: systemOnly,
          command: {
            type: 'JoinOrganization',
            organizationId,
            role,
            via,
            invitationId,
            givenName,
            familyName,
          },
        },
        envelope,
      );
    return memberOf(state, organizationId)
      ? join()
      : this.#room.within(organizationId, join, withAccounts(state));
  }

  /** AMB-28, AMB-30: as the policy and the proof of the domain are now, not as they were at the sign-up. */
  async #letsIn(state: User, organizationId: string): Promise<boolean> {
    if (!isLiving(state)) return false;
    const owner = await this.#domains.ownerOf(state.domain);
    const { state: home } = await this.#execution.load(organization, organizationId);
    return (
      owner?.organizationId === organizationId &&
      owner.status === 'verified' &&
      home.status === 'open' &&
      home.signUpPolicy === 'auto_join'
    );
  }
}

/** ORG-07, AMB-15: what somebody owns outside every organization comes along. */
const withAccounts = (state: User): Coming => ({
  users: 1,
  accounts: isLiving(state) ? state.keptAccounts : [],
});

/** ORG-05, AMB-14: the person's own stream is the one place that knows whether they are in an organization. */
@Injectable()
@CommandHandler(FoundOrganization)
export class FoundOrganizationHandler implements ICommandHandler<FoundOrganization, Outcome> {
  readonly #execution: Execution;

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  execute(command: FoundOrganization): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { userId } = envelope.principal;
    if (!userId) throw unauthenticated();
    const organizationId = idFrom(envelope.commandId, 'org');
    return this.#execution.run(
      {
        decider: user,
        id: userId,
        command: { type: 'FoundOrganization', organizationId, organizationName: command.name },
        answer: (state) => (isLiving(state) ? { organizationId: state.founded } : {}),
      },
      envelope,
    );
  }
}
