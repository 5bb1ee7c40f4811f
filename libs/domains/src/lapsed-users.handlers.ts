import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Commands, Execution, envelopeOf, type Outcome, systemOnly } from '#commands';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';
import { RemoveLapsedUsers } from './domain.commands.ts';
import { domain } from './domain.ts';
import { countRemovable, inTurns, type Managed, nextToRemove } from './lapsed-users.ts';

/** People of one step; as many as one second takes, so that a process that stops has not long to wait. */
const STEP = 1_000;
/** Removals that share a commit; few, so that whoever asks in between has not long to wait. */
const AT_ONCE = 24;

/**
 * DOM-15, AMB-06: one step of removing everybody who came with a lapsed domain. Who is still there is asked anew each
 * time, and each removal has an id of its own, so a step that was cut off is simply made again.
 */
@Injectable()
@CommandHandler(RemoveLapsedUsers)
export class RemoveLapsedUsersHandler implements ICommandHandler<RemoveLapsedUsers, Outcome> {
  readonly #execution: Execution;
  readonly #commands: Commands;
  readonly #readModels: ReadModels;
  readonly #log: LogHead;

  constructor(execution: Execution, commands: Commands, readModels: ReadModels, log: LogHead) {
    this.#execution = execution;
    this.#commands = commands;
    this.#readModels = readModels;
    this.#log = log;
  }

  async execute(command: RemoveLapsedUsers): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const refused = systemOnly(envelope.principal);
    if (refused) return refused;
    const { domainId, organizationId, lapseId } = command;
    const { state } = await this.#execution.load(domain, domainId);
    if (state.status === 'unknown') return { done: true };
    await this.#readModels.reach(await this.#log.head(), ['users']);
    const before = await countRemovable(this.#readModels, organizationId, state.domain);
    const people = await nextToRemove(this.#readModels, organizationId, state.domain, STEP);
    await inTurns(people, AT_ONCE, (person) => this.#remove(person, command));
    await this.#readModels.reach(await this.#log.head(), ['users']);
    const remaining = await countRemovable(this.#readModels, organizationId, state.domain);
    return this.#execution.run(
      {
        decider: domain,
        id: domainId,
        command: {
          type: 'NoteRemoval',
          lapseId,
          remaining,
          // Whoever was removed and has come back stays: their removal is answered as done, and nobody is fewer.
          progressed: remaining < before,
        },
      },
      envelope,
    );
  }

  /** The lapse is the cause; each removal is a correlation of its own, so that what follows runs side by side. */
  async #remove(
    { userId, accountIds }: Managed,
    { organizationId, lapseId }: RemoveLapsedUsers,
  ): Promise<void> {
    await this.#commands.issue(
      {
        command: 'LeaveOrganization',
        fields: {
          userId,
          organizationId,
          accountIds,
          reason: 'domain_validation_lapsed',
          cause: { type: 'DomainValidationLapsed', id: lapseId },
        },
      },
      `lapse/${lapseId}/${userId}`,
      lapseId,
    );
  }
}
