import { Injectable } from '@nestjs/common';
import { account, accountAddition } from '#accounts';
import { apiKey } from '#api-keys';
import { type Envelope, Execution, mustBeDecided, type Step } from '#commands';
import { domain } from '#domains';
import { invitation } from '#invitations';
import type { Event } from '#kernel';
import type { Belongings } from './candidate.ts';

/** MRG-04: what an organization leaves behind when it ends; the rest has moved. */
@Injectable()
export class Ending {
  readonly #execution: Execution;

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  async end(
    organizationId: string,
    intoOrganizationId: string,
    left: Belongings,
    envelopeFor: (name: string) => Envelope,
  ): Promise<void> {
    for (const accountId of left.sharedAccountIds)
      await this.#run(
        {
          decider: account,
          id: accountId,
          command: { type: 'PassOnShare', organizationId, intoOrganizationId },
        },
        envelopeFor(accountId),
      );
    for (const invitationId of left.pendingInvitationIds)
      await this.#run(
        {
          decider: invitation,
          id: invitationId,
          command: { type: 'CancelInvite', reason: 'organization_absorbed' },
        },
        envelopeFor(invitationId),
      );
    for (const additionId of left.additionIds)
      await this.#run(
        { decider: accountAddition, id: additionId, command: { type: 'WithdrawAccountAddition' } },
        envelopeFor(additionId),
      );
    for (const domainId of left.domainIds)
      await this.#run(
        { decider: domain, id: domainId, command: { type: 'DropDomain' } },
        envelopeFor(domainId),
      );
    for (const apiKeyId of left.apiKeyIds)
      await this.#run(
        { decider: apiKey, id: apiKeyId, command: { type: 'RevokeApiKey' } },
        envelopeFor(apiKeyId),
      );
  }

  /** What is over already is refused, and that is as well; nothing else may be left undone. */
  async #run<State, Command, E extends Event>(
    step: Step<State, Command, E>,
    envelope: Envelope,
  ): Promise<void> {
    mustBeDecided(await this.#execution.run(step, envelope));
  }
}
