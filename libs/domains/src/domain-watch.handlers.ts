import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Execution, envelopeOf, type Outcome, systemOnly } from '#commands';
import { isRefusal } from '#kernel';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';
import { LapseDomain, RecheckDomain } from './domain.commands.ts';
import { domain } from './domain.ts';
import { countRemovable, exemptOwner } from './lapsed-users.ts';
import { Proving, unseen } from './proving.ts';

/** DOM-12: the history tells what changed, the stream beside it that somebody looked. */
@Injectable()
@CommandHandler(RecheckDomain)
export class RecheckDomainHandler implements ICommandHandler<RecheckDomain, Outcome> {
  readonly #execution: Execution;
  readonly #proving: Proving;

  constructor(execution: Execution, proving: Proving) {
    this.#execution = execution;
    this.#proving = proving;
  }

  async execute(command: RecheckDomain): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const refused = systemOnly(envelope.principal);
    if (refused) return refused;
    const { domainId, dueAt } = command;
    const { state, traces } = await this.#execution.load(domain, domainId);
    const seen = traces.has(envelope.commandId) ? unseen : await this.#proving.look(state, envelope);
    // The proof is there, but the name is another's: nothing that a clock could be started or stopped by.
    const observation = isRefusal(seen) ? { ...unseen, reason: seen.code } : seen;
    const outcome = await this.#execution.run(
      { decider: domain, id: domainId, command: { type: 'RecheckDomain', observation } },
      envelope,
    );
    if (isRefusal(outcome)) return outcome;
    const looked = isRefusal(seen) ? { outcome: 'missing' as const, reason: seen.code } : observation;
    return this.#proving.record(state, looked, { dueAt, lapses: false }, envelope);
  }
}

/** DOM-15: looks once more, and only a proof that is missing now ends the domain. */
@Injectable()
@CommandHandler(LapseDomain)
export class LapseDomainHandler implements ICommandHandler<LapseDomain, Outcome> {
  readonly #execution: Execution;
  readonly #proving: Proving;
  readonly #readModels: ReadModels;
  readonly #log: LogHead;

  constructor(execution: Execution, proving: Proving, readModels: ReadModels, log: LogHead) {
    this.#execution = execution;
    this.#proving = proving;
    this.#readModels = readModels;
    this.#log = log;
  }

  async execute(command: LapseDomain): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const refused = systemOnly(envelope.principal);
    if (refused) return refused;
    const { domainId, organizationId } = command;
    const { state, traces } = await this.#execution.load(domain, domainId);
    if (state.status === 'unknown') return { done: true };
    const seen = traces.has(envelope.commandId) ? unseen : await this.#proving.look(state, envelope);
    if (isRefusal(seen)) return seen;
    await this.#readModels.reach(await this.#log.head(), ['users']);
    const outcome = await this.#execution.run(
      {
        decider: domain,
        id: domainId,
        command: {
          type: 'LapseDomain',
          observation: seen,
          affectedUsers: await countRemovable(this.#readModels, organizationId, state.domain),
          exemptOwnerId: await exemptOwner(this.#readModels, organizationId, state.domain),
        },
      },
      envelope,
    );
    if (seen.outcome === 'missing' || isRefusal(outcome)) return outcome;
    return this.#proving.record(state, seen, { dueAt: null, lapses: true }, envelope);
  }
}
