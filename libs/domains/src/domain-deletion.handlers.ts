import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Execution, envelopeOf, mayManage, type Outcome } from '#commands';
import { notFound } from '#kernel';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';
import { DeleteDomain } from './domain.commands.ts';
import { absent } from './domain.handlers.ts';
import { domain } from './domain.ts';

/** AMB-12: whoever deletes a domain is told how many people of it stay. */
@Injectable()
@CommandHandler(DeleteDomain)
export class DeleteDomainHandler implements ICommandHandler<DeleteDomain, Outcome> {
  readonly #execution: Execution;
  readonly #readModels: ReadModels;
  readonly #log: LogHead;

  constructor(execution: Execution, readModels: ReadModels, log: LogHead) {
    this.#execution = execution;
    this.#readModels = readModels;
    this.#log = log;
  }

  async execute(command: DeleteDomain): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId, domainId, acknowledgements } = command;
    const one = { decider: domain, id: domainId };
    const again = await this.#execution.repeated(one, envelope);
    if (again) return again;
    const { state } = await this.#execution.load(domain, domainId);
    if (state.status === 'unknown') return notFound;
    const refused = absent(state, organizationId) ?? mayManage(envelope.principal, organizationId);
    if (refused) return refused;
    await this.#readModels.reach(await this.#log.head(), ['users']);
    const where = { organizationId, kind: 'managed', domain: state.domain };
    const managedUsers = await this.#readModels.count('users', where);
    return this.#execution.run(
      {
        ...one,
        command: { type: 'DeleteDomain', acknowledgements, managedUsers },
        authorize: (_principal, now) => absent(now, organizationId),
      },
      envelope,
    );
  }
}
