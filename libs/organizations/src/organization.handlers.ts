import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Execution, envelopeOf, type Outcome } from '#commands';
import { notFound } from '#kernel';
import { SetLimits } from './organization.commands.ts';
import { organization } from './organization.ts';
import { organizationLimits } from './organization-limits.ts';

/** USR-18, ACC-11. */
@Injectable()
@CommandHandler(SetLimits)
export class SetLimitsHandler implements ICommandHandler<SetLimits, Outcome> {
  readonly #execution: Execution;

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  async execute(command: SetLimits): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId, users, accounts } = command;
    if (envelope.principal.type !== 'operator') return notFound;
    const { state } = await this.#execution.load(organization, organizationId);
    if (state.status !== 'open') return notFound;
    return this.#execution.run(
      {
        decider: organizationLimits,
        id: organizationId,
        command: { type: 'SetLimits', organizationId, users, accounts },
        answer: (limits) => ({ organizationId, users: limits.users, accounts: limits.accounts }),
      },
      envelope,
    );
  }
}
