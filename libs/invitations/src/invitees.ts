import { Injectable } from '@nestjs/common';
import { Claims, type Holder } from '#claims';
import { type Envelope, Execution, idFrom } from '#commands';
import { isRefusal, type Refusal, refuse } from '#kernel';
import { type Address, People, user } from '#users';
import { type InvitationKind, invitation, isOpen } from './invitation.ts';

export interface Invitee {
  readonly userId: string;
  readonly kind: InvitationKind;
}

const alreadyPending = refuse(
  'conflict',
  'invitation_already_pending',
  'This address has an invitation that is still pending; send that one again or cancel it.',
);
const alreadyMember = refuse('conflict', 'already_member', 'This person is in the organization already.');
/** AMB-33. */
export const elsewhere = refuse(
  'conflict',
  'user_belongs_to_another_organization',
  'This person belongs to another organization; a person can be in one at a time.',
);

/** A pending person may be discarded between being found and being registered for this invitation. */
const ATTEMPTS = 3;

/** Who an invitation is for: one person per address, one open invitation per organization and address. */
@Injectable()
export class Invitees {
  readonly #execution: Execution;
  readonly #claims: Claims;
  readonly #people: People;

  constructor(execution: Execution, claims: Claims, people: People) {
    this.#execution = execution;
    this.#claims = claims;
    this.#people = people;
  }

  /** Claims the address for the invitation and sees to it that its person is there (USR-04, AMB-03). */
  async prepare(
    invitationId: string,
    address: Address,
    organizationId: string,
    envelope: Envelope,
  ): Promise<Invitee | Refusal> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const invitee = await this.#find(address, organizationId, envelope);
      if (isRefusal(invitee)) return invitee;
      const pending = await this.#claims.reserve(
        `invite-${this.#people.hash(`${organizationId}/${address.email}`)}`,
        { holder: invitationId, organizationId, judge: (holder) => this.#judge(holder) },
        envelope,
      );
      if (pending) return pending.code === 'claim_held' ? alreadyPending : pending;
      if (invitee.kind === 'existing_user') return invitee;
      const taken = await this.#people.claim(address, invitee.userId, organizationId, envelope);
      if (taken) return alreadyPending;
      const registered = await this.#register(
        invitationId,
        invitee.userId,
        address,
        organizationId,
        envelope,
      );
      if (!isRefusal(registered)) return invitee;
    }
    return alreadyPending;
  }

  /** A new address gets a pending person at once, a known one keeps its own. */
  async #find(address: Address, organizationId: string, envelope: Envelope): Promise<Invitee | Refusal> {
    const known = await this.#people.withAddress(address);
    if (!known) return { userId: idFrom(envelope.commandId, 'usr'), kind: 'new_user' };
    if (known.status === 'pending') return { userId: known.userId, kind: 'new_user' };
    if (known.membership)
      return known.membership.organizationId === organizationId ? alreadyMember : elsewhere;
    return known.founded === null ? { userId: known.userId, kind: 'existing_user' } : elsewhere;
  }

  #register(
    invitationId: string,
    userId: string,
    { email, domain }: Address,
    organizationId: string,
    envelope: Envelope,
  ) {
    return this.#execution.run(
      {
        decider: user,
        id: userId,
        command: { type: 'RegisterPendingUser', userId, email, domain, invitationId, organizationId },
      },
      { ...envelope, ifMatch: undefined },
    );
  }

  async #judge(holder: string): Promise<Holder> {
    const { state } = await this.#execution.load(invitation, holder);
    if (state.status === 'unknown') return 'unknown';
    return isOpen(state, this.#execution.now()) ? 'alive' : 'dead';
  }
}
