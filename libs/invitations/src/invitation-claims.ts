import { Injectable } from '@nestjs/common';
import { Claims, type Holder } from '#claims';
import { type Envelope, Execution } from '#commands';
import { type Refusal, refuse } from '#kernel';
import { People } from '#users';
import { invitation, isOpen } from './invitation.ts';

const alreadyPending = refuse(
  'conflict',
  'invitation_already_pending',
  'This address has an invitation that is still pending; send that one again or cancel it.',
);

/** One pending invitation per organization and address; the claim's holder is the invitation. */
@Injectable()
export class InvitationClaims {
  readonly #execution: Execution;
  readonly #claims: Claims;
  readonly #people: People;

  constructor(execution: Execution, claims: Claims, people: People) {
    this.#execution = execution;
    this.#claims = claims;
    this.#people = people;
  }

  /** `email` in its canonical form. */
  async take(
    invitationId: string,
    organizationId: string,
    email: string,
    envelope: Envelope,
  ): Promise<Refusal | undefined> {
    const refused = await this.#claims.reserve(
      `invite-${this.#people.hash(`${organizationId}/${email}`)}`,
      { holder: invitationId, organizationId, judge: (holder) => this.#judge(holder) },
      envelope,
    );
    return refused?.code === 'claim_held' ? alreadyPending : refused;
  }

  async #judge(holder: string): Promise<Holder> {
    const { state } = await this.#execution.load(invitation, holder);
    if (state.status === 'unknown') return 'unknown';
    return isOpen(state, this.#execution.now()) ? 'alive' : 'dead';
  }
}
