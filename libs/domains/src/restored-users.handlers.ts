import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { SpareTime } from '#clock';
import {
  Commands,
  type DryRun,
  type Envelope,
  Execution,
  envelopeOf,
  mayManage,
  type Outcome,
  systemOnly,
} from '#commands';
import { type FollowOn, isRefusal } from '#kernel';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';
import { BringUsersBack, RestoreUsers } from './domain.commands.ts';
import type { NotRestored } from './domain.events.ts';
import { absent } from './domain.handlers.ts';
import { domain } from './domain.ts';
import { inTurns } from './lapsed-users.ts';
import type { RemovalView } from './removals.projection.ts';
import { countRemoved, countRestorable, reasonAgainst, removedFrom } from './restored-users.ts';

const STEP = 500;
/** An answer names so many people and says how many there are; the read model of people knows them all. */
const NAMED = 1_000;

/** What is told of somebody before anything is done. */
const told = (person: RemovalView) => {
  const { userId, email, role, access, owned, removedAt } = person;
  const reason = reasonAgainst(person);
  return {
    userId,
    email,
    role,
    removedAt,
    accounts: [
      ...owned.map(({ accountId }) => ({ accountId, roles: ['owner'] })),
      ...access.map(({ accountId, roles }) => ({ accountId, roles })),
    ],
    restorable: reason === null,
    reason,
  };
};

/** DOM-15: the domain is proved again, and whom its lapse removed comes back with what they had. */
@Injectable()
@CommandHandler(RestoreUsers)
export class RestoreUsersHandler implements ICommandHandler<RestoreUsers, Outcome> {
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

  async execute(command: RestoreUsers): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId, domainId } = command;
    const { state, traces } = await this.#execution.load(domain, domainId);
    const before = traces.get(envelope.commandId);
    const refused = before
      ? undefined
      : (mayManage(envelope.principal, organizationId) ?? absent(state, organizationId));
    if (refused) return refused;
    const name = state.status === 'unknown' ? '' : state.domain;
    await this.#readModels.reach(await this.#log.head(), ['removals']);
    // Asked again, it answers what it answered (P2): whoever is back by now was not yet.
    const asOf = before?.position;
    const whose = { organizationId, domain: name };
    const { people } = await removedFrom(this.#readModels, { ...whose, after: '', limit: NAMED, asOf });
    const users = people.map(told);
    const usersTotal = await countRemoved(this.#readModels, whose, asOf);
    const restorable = await countRestorable(this.#readModels, whose, asOf);
    const outcome = await this.#execution.run(
      {
        decider: domain,
        id: domainId,
        command: { type: 'RestoreUsers', restorable },
        authorize: (_principal, now) => absent(now, organizationId),
        answer: () => ({ domainId, restorable }),
      },
      envelope,
    );
    if (isRefusal(outcome)) return outcome;
    if ('dryRun' in outcome) return { ...outcome, effects: effectsOn(users), users, usersTotal } as DryRun;
    if (!('events' in outcome) || outcome.events.length === 0)
      return { ...outcome, users, usersTotal } as Outcome;
    const firstStep = await this.#firstStep(command, outcome.events[0]?.id ?? '');
    return { ...outcome, users, usersTotal, ...firstStep } as Outcome;
  }

  /** Small restores are done when the answer comes; of a large one the timers do the rest. */
  async #firstStep(
    { domainId, organizationId }: RestoreUsers,
    requestId: string,
  ): Promise<{ position?: string; effects?: 'pending' }> {
    const fields = { domainId, organizationId, after: '' };
    const step = await this.#commands.issue(
      { command: 'BringUsersBack', fields },
      `timer.domain_users_restore.${domainId}.${requestId}`,
      requestId,
    );
    const { state } = await this.#execution.load(domain, domainId);
    const isUnderWay = 'restoring' in state && state.restoring;
    return {
      ...('position' in step ? { position: String(step.position) } : {}),
      ...(isUnderWay ? { effects: 'pending' } : {}),
    };
  }
}

const effectsOn = (users: readonly ReturnType<typeof told>[]) =>
  users
    .filter(({ restorable }) => restorable)
    .flatMap(({ userId, accounts }) => [
      { command: 'JoinOrganization', resource: { type: 'user', id: userId } },
      ...accounts.map(({ accountId, roles }) => ({
        command: roles.includes('owner') ? 'TransferAccountOwnership' : 'GrantAccountAccess',
        resource: { type: 'account', id: accountId },
      })),
    ]);

/** One step of a restore: whoever is behind the last person of the step before. */
@Injectable()
@CommandHandler(BringUsersBack)
export class BringUsersBackHandler implements ICommandHandler<BringUsersBack, Outcome> {
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

  async execute(command: BringUsersBack): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const refused = systemOnly(envelope.principal);
    if (refused) return refused;
    const { domainId, organizationId, after } = command;
    const again = await this.#execution.repeated({ decider: domain, id: domainId }, envelope);
    if (again) return again;
    const { state } = await this.#execution.load(domain, domainId);
    if (!('restoring' in state) || !state.restoring) return { done: true };
    await this.#readModels.reach(await this.#log.head(), ['removals']);
    const { people, next } = await removedFrom(this.#readModels, {
      organizationId,
      domain: state.domain,
      after,
      limit: STEP,
    });
    const skipped: NotRestored[] = [];
    let restored = 0;
    const bringBack = async (person: RemovalView): Promise<void> => {
      const reason = await this.#bringBack(person, envelope, skipped);
      if (reason === null) restored += 1;
      else if (reason !== 'already_member') skipped.push({ userId: person.userId, accountId: null, reason });
    };
    await inTurns(people, this.#spareTime, (some) => Promise.all(some.map(bringBack)));
    return this.#execution.run(
      {
        decider: domain,
        id: domainId,
        command: { type: 'NoteRestore', restored, skipped: skipped.slice(0, 200), next },
      },
      envelope,
    );
  }

  /** Somebody whom a step that was cut off has brought back already gets what else is theirs. */
  async #bringBack(person: RemovalView, envelope: Envelope, skipped: NotRestored[]): Promise<string | null> {
    const { userId, organizationId, role, removedAt, whereabouts } = person;
    const against = reasonAgainst(person);
    if (against !== null && whereabouts !== 'back') return against;
    const issue = (order: Pick<FollowOn, 'command' | 'fields'>, what: string) =>
      this.#commands.issue(
        order,
        `restore/${userId}/${removedAt}/${what}`,
        envelope.causationId ?? envelope.commandId,
      );
    const joined = await issue(
      {
        command: 'JoinOrganization',
        fields: { userId, organizationId, role, via: 'restore', invitationId: null },
      },
      'join',
    );
    if (isRefusal(joined)) return joined.code;
    const cause = { type: 'domain_users_restored', id: userId };
    for (const { accountId, ownerId } of person.owned) {
      const outcome = await issue(
        {
          command: 'TransferAccountOwnership',
          fields: { accountId, organizationId, from: ownerId, newOwnerId: userId, cause },
        },
        accountId,
      );
      if (isRefusal(outcome)) skipped.push({ userId, accountId, reason: outcome.code });
    }
    for (const { accountId, roles } of person.access) {
      const outcome = await issue(
        { command: 'GrantAccountAccess', fields: { accountId, userId, roles, invitationId: null } },
        accountId,
      );
      if (isRefusal(outcome)) skipped.push({ userId, accountId, reason: outcome.code });
    }
    return null;
  }
}
