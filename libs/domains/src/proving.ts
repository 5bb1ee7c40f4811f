import { Inject, Injectable } from '@nestjs/common';
import { Claims, type Holder } from '#claims';
import { type Envelope, Execution, type Outcome } from '#commands';
import type { DomainProof } from '#dns-proof';
import { type Refusal, refuse } from '#kernel';
import type { Observation } from './domain.events.ts';
import { type Domain, domain } from './domain.ts';
import { domainChecks } from './domain-check.ts';
import { LookAlikes } from './look-alikes.ts';

export const DOMAIN_PROOF = Symbol('DomainProof');

/** Stands for a look that is not made, where none can decide anything. */
export const unseen: Observation = { outcome: 'inconclusive', reason: '', observed: [] };

/** Looks at a domain, and makes sure that nobody else has the name before a proof counts. */
@Injectable()
export class Proving {
  readonly #execution: Execution;
  readonly #claims: Claims;
  readonly #lookAlikes: LookAlikes;
  readonly #proof: DomainProof;

  constructor(
    execution: Execution,
    claims: Claims,
    lookAlikes: LookAlikes,
    @Inject(DOMAIN_PROOF) proof: DomainProof,
  ) {
    this.#execution = execution;
    this.#claims = claims;
    this.#lookAlikes = lookAlikes;
    this.#proof = proof;
  }

  /** What is to be seen now; a refusal when the proof is there, but the name is another's. */
  async look(state: Domain, envelope: Envelope): Promise<Observation | Refusal> {
    if (state.status !== 'pending' && state.status !== 'verified' && state.status !== 'unvalidated')
      return unseen;
    const { domain: name, method, token, organizationId, domainId } = state;
    const seen = await this.#proof.check({ domain: name, method, token });
    if (seen.outcome !== 'found' || state.status !== 'pending') return seen;
    return (
      (await this.#lookAlikes.refuses(organizationId, name)) ??
      (await this.#claim(name, domainId, organizationId, envelope)) ??
      seen
    );
  }

  /** Writes down a look that is no news; says when the next one is. */
  async record(
    state: Domain,
    { outcome, reason }: Pick<Observation, 'outcome' | 'reason'>,
    { dueAt, lapses }: { readonly dueAt: string | null; readonly lapses: boolean },
    envelope: Envelope,
  ): Promise<Outcome> {
    if (state.status === 'unknown') return { done: true };
    const { domainId, organizationId, domain: name } = state;
    return this.#execution.run(
      {
        decider: domainChecks,
        id: domainId,
        command: {
          type: 'RecordDomainCheck',
          domainId,
          organizationId,
          domain: name,
          outcome,
          reason,
          dueAt,
          lapses,
        },
      },
      { ...envelope, ifMatch: undefined },
    );
  }

  async #claim(
    name: string,
    domainId: string,
    organizationId: string,
    envelope: Envelope,
  ): Promise<Refusal | undefined> {
    const refused = await this.#claims.reserve(
      `domain-${name}`,
      { holder: domainId, organizationId, judge: (holder) => this.#judge(holder) },
      envelope,
    );
    return refused?.code === 'claim_held'
      ? refuse('conflict', 'domain_taken', `${name} is verified by another organization.`)
      : refused;
  }

  async #judge(holder: string): Promise<Holder> {
    const { status } = (await this.#execution.load(domain, holder)).state;
    if (status === 'verified' || status === 'unvalidated') return 'alive';
    return status === 'deleted' || status === 'expired' ? 'dead' : 'unknown';
  }
}
