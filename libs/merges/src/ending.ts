import { Injectable } from '@nestjs/common';
import { account, accountAddition } from '#accounts';
import { apiKey } from '#api-keys';
import { type Envelope, Execution, mustBeDecided, type Step } from '#commands';
import { domain } from '#domains';
import { invitation } from '#invitations';
import type { Event } from '#kernel';
import { Candidate } from './candidate.ts';

/** MRG-04: what an organization leaves behind when it ends; the rest has moved. */
@Injectable()
export class Ending {
  readonly #execution: Execution;
  readonly #candidate: Candidate;

  constructor(execution: Execution, candidate: Candidate) {
    this.#execution = execution;
    this.#candidate = candidate;
  }

  async end(
    organizationId: string,
    intoOrganizationId: string,
    envelopeFor: (name: string) => Envelope,
  ): Promise<void> {
    for await (const { accountId } of this.#candidate.sharedAccounts(organizationId))
      await this.#run(
        {
          decider: account,
          id: accountId,
          command: { type: 'PassOnShare', organizationId, intoOrganizationId },
        },
        envelopeFor(accountId),
      );
    for await (const { invitationId } of this.#candidate.pendingInvitations(organizationId))
      await this.#run(
        {
          decider: invitation,
          id: invitationId,
          command: { type: 'CancelInvite', reason: 'organization_absorbed' },
        },
        envelopeFor(invitationId),
      );
    for await (const { addition } of this.#candidate.additions(organizationId))
      if (addition)
        await this.#run(
          { decider: accountAddition, id: addition.additionId, command: { type: 'WithdrawAccountAddition' } },
          envelopeFor(addition.additionId),
        );
    for await (const { domainId } of this.#candidate.domains(organizationId))
      await this.#run(
        { decider: domain, id: domainId, command: { type: 'DropDomain' } },
        envelopeFor(domainId),
      );
    for await (const { apiKeyId } of this.#candidate.apiKeys(organizationId))
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
