import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { envelopeOf, type Outcome, systemOnly } from '#commands';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';
import { Members, memberOf } from './members.ts';
import { People } from './people.ts';
import { DeleteUser, LeaveOrganization, RemoveUser } from './user.commands.ts';
import type { UserCommand } from './user.ts';
import type { UserView } from './users.projection.ts';

const OPEN = ['active', 'suspended', 'pending_closure'];

/**
 * What a person owns and may use in an organization, as the read models know it at the head of the log. A hint: what
 * happens at the same moment is settled by the accounts' own streams.
 */
@Injectable()
export class Belongings {
  readonly #readModels: ReadModels;
  readonly #log: LogHead;
  readonly #people: People;

  constructor(readModels: ReadModels, log: LogHead, people: People) {
    this.#readModels = readModels;
    this.#log = log;
    this.#people = people;
  }

  async of(
    userId: string,
    organizationId: string,
  ): Promise<{ owned: string[]; accountIds: readonly string[] }> {
    await this.#readModels.reach(await this.#log.head(), ['accounts', 'users']);
    const view = await this.#readModels.get<UserView>('users', `${organizationId}:${userId}`);
    const owned: string[] = [];
    const where = { organizationId, kind: 'managed', ownerId: userId, status: { in: OPEN } };
    for await (const { accountId } of this.#readModels.every<{ accountId: string }>('accounts', {
      where,
      by: 'name',
    }))
      owned.push(accountId);
    return { owned, accountIds: view?.accountIds ?? [] };
  }

  /** Those of the people who are active and managed by the organization. */
  async managed(userIds: readonly string[], organizationId: string): Promise<string[]> {
    const found: string[] = [];
    for (const userId of new Set(userIds)) {
      const { state } = await this.#people.load(userId);
      if (state.status === 'active' && memberOf(state, organizationId)) found.push(userId);
    }
    return found;
  }
}

/** USR-08 to USR-10: what becomes of the accounts is decided with the person's going, in one event. */
const departing =
  (type: 'RemoveUser' | 'DeleteUser', command: RemoveUser, belongings: Belongings) =>
  async (_state: unknown, ownerId: string): Promise<UserCommand> => {
    const { userId, organizationId, acknowledgements, accountOwners = {} } = command;
    return {
      type,
      ownerId,
      acknowledgements,
      accountOwners,
      ...(await belongings.of(userId, organizationId)),
      managed: await belongings.managed(
        Object.values(accountOwners).filter((id) => id !== userId),
        organizationId,
      ),
    };
  };

@Injectable()
@CommandHandler(RemoveUser)
export class RemoveUserHandler implements ICommandHandler<RemoveUser, Outcome> {
  readonly #members: Members;
  readonly #belongings: Belongings;

  constructor(members: Members, belongings: Belongings) {
    this.#members = members;
    this.#belongings = belongings;
  }

  execute(command: RemoveUser): Promise<Outcome> {
    return this.#members.change(
      command,
      envelopeOf(command),
      departing('RemoveUser', command, this.#belongings),
    );
  }
}

@Injectable()
@CommandHandler(DeleteUser)
export class DeleteUserHandler implements ICommandHandler<DeleteUser, Outcome> {
  readonly #members: Members;
  readonly #belongings: Belongings;

  constructor(members: Members, belongings: Belongings) {
    this.#members = members;
    this.#belongings = belongings;
  }

  execute(command: DeleteUser): Promise<Outcome> {
    return this.#members.change(
      command,
      envelopeOf(command),
      departing('DeleteUser', command, this.#belongings),
    );
  }
}

@Injectable()
@CommandHandler(LeaveOrganization)
export class LeaveOrganizationHandler implements ICommandHandler<LeaveOrganization, Outcome> {
  readonly #members: Members;
  readonly #belongings: Belongings;

  constructor(members: Members, belongings: Belongings) {
    this.#members = members;
    this.#belongings = belongings;
  }

  execute(command: LeaveOrganization): Promise<Outcome> {
    const { userId, organizationId, reason, cause } = command;
    return this.#members.change(
      command,
      envelopeOf(command),
      async (_state, ownerId) => {
        const { accountIds } = command.accountIds
          ? { accountIds: command.accountIds }
          : await this.#belongings.of(userId, organizationId);
        return { type: 'LeaveOrganization', organizationId, reason, cause, ownerId, accountIds };
      },
      systemOnly,
    );
  }
}
