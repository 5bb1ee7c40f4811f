import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { SpareTime } from '#clock';
import { Commands, Execution, envelopeOf, type Outcome, systemOnly } from '#commands';
import { isRefusal } from '#kernel';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';
import { RemoveLapsedUsers } from './domain.commands.ts';
import { domain } from './domain.ts';
import { hitBy, inTurns, type Managed, stillThere } from './lapsed-users.ts';

/** People of one step: as many as half a second takes, so that a process that stops has not long to wait; some are read at a time. */
const STEP = { atMost: 500, atOnce: 50 };

/**
 * DOM-15, AMB-06: one step of removing everybody who was there when their domain lapsed. Who that is stands in the log,
 * and each removal has an id of its own, so a step that was cut off is simply made again.
 */
@Injectable()
@CommandHandler(RemoveLapsedUsers)
export class RemoveLapsedUsersHandler implements ICommandHandler<RemoveLapsedUsers, Outcome> {
  readonly #execution: Execution;
  readonly #commands: Commands;
  readonly #readModels: ReadModels;
  readonly #log: LogHead;
  readonly #spareTime: SpareTime;

  constructor(
    execution: Execution,
    commands: Commands,
    readModels: ReadModels,
    log: LogHead,
    spareTime: SpareTime,
  ) {
    this.#execution = execution;
    this.#commands = commands;
    this.#readModels = readModels;
    this.#log = log;
    this.#spareTime = spareTime;
  }

  async execute(command: RemoveLapsedUsers): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const refused = systemOnly(envelope.principal);
    if (refused) return refused;
    const { domainId, organizationId, lapseId, after, remaining } = command;
    const { state, traces } = await this.#execution.load(domain, domainId);
    const trace = [...traces.values()].find(({ events }) => events.some(({ id }) => id === lapseId));
    if (state.status === 'unknown' || !trace) return { done: true };
    const lapse = { organizationId, domain: state.domain, position: trace.position };
    await this.#readModels.reach(await this.#log.head(), ['users']);
    let hindered = false;
    let left = remaining;
    let last = after;
    for await (const { people, isLast } of hitBy(this.#readModels, lapse, after, STEP)) {
      await inTurns(people, this.#spareTime, async (some) => {
        const there = await stillThere(this.#readModels, lapse, some);
        const removed = await Promise.all(there.map((person) => this.#remove(person, command)));
        hindered ||= removed.includes(false);
      });
      left = isLast ? 0 : Math.max(1, left - people.length);
      last = people.at(-1)?.userId ?? last;
    }
    return this.#execution.run(
      {
        decider: domain,
        id: domainId,
        command: {
          type: 'NoteRemoval',
          lapseId,
          hindered,
          ...(hindered ? { after, remaining: Math.max(1, remaining) } : { after: last, remaining: left }),
        },
      },
      envelope,
    );
  }

  /**
   * The lapse is the cause; each removal is a correlation of its own, so that what follows runs side by side.
   * @returns false when they cannot go yet
   */
  async #remove(
    { userId, accountIds }: Managed,
    { organizationId, lapseId }: RemoveLapsedUsers,
  ): Promise<boolean> {
    const outcome = await this.#commands.issue(
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
    return !isRefusal(outcome) || outcome.refused === 'missing';
  }
}
