import { Injectable } from '@nestjs/common';
import { Claims } from '#claims';
import { Execution } from '#commands';
import { type Refusal, refuse } from '#kernel';
import { domain } from './domain.ts';

/** Who has proved which name, read from the streams that decide it, not from a read model. */
@Injectable()
export class VerifiedDomains {
  readonly #claims: Claims;
  readonly #execution: Execution;

  constructor(claims: Claims, execution: Execution) {
    this.#claims = claims;
    this.#execution = execution;
  }

  /** The organization that has the exact name verified (DOM-07), validated or not; undefined when nobody has. */
  async ownerOf(
    name: string,
  ): Promise<{ organizationId: string; status: 'verified' | 'unvalidated' } | undefined> {
    const { holder } = await this.#claims.holder(`domain-${name}`);
    if (holder === null) return undefined;
    const { state } = await this.#execution.load(domain, holder);
    return state.status === 'verified' || state.status === 'unvalidated'
      ? { organizationId: state.organizationId, status: state.status }
      : undefined;
  }

  /** DOM-02, DOM-14, USR-05: why no user of this name may come into the organization now. */
  async refuses(organizationId: string, name: string): Promise<Refusal | undefined> {
    const owner = await this.ownerOf(name);
    if (owner?.organizationId !== organizationId)
      return refuse(
        'invalid',
        'domain_unverified',
        'The domain of this address is not a verified domain of this organization.',
      );
    return owner.status === 'unvalidated'
      ? refuse(
          'invalid',
          'domain_unvalidated',
          `The proof of ${name} is missing; validate the domain again first.`,
        )
      : undefined;
  }
}
