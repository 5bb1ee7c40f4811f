import { Injectable } from '@nestjs/common';
import { Claims, type Holder } from '#claims';
import { type Envelope, Execution, idFrom } from '#commands';
import { isRefusal, type Refusal, refuse } from '#kernel';
import { type Address, isLiving, People, Rates, takeOne, type User, user } from '#users';
import { type InvitationKind, invitation, isOpen } from './invitation.ts';

export interface Invitee {
  readonly userId: string;
  readonly kind: InvitationKind;
  /** AMB-15. */
  readonly ownedAccountIds: readonly string[];
  readonly absorbs: string | null;
}

/** Whereto somebody is invited. */
export interface Destination {
  /** The organization, or the account alone: one open invitation per address from each. */
  readonly sentFrom: string;
  readonly organizationId: string | null;
  /** The organization that accepting leads into; null: none. */
  readonly joins: string | null;
  /** INV-11: the Owner of another organization may bring it along. */
  readonly merges: boolean;
}

/** AMB-13: whether the organization of its Owner can be merged. */
export abstract class MergeOffers {
  /** Undefined: nothing stands in the way. */
  abstract refuses(ownerId: string, candidateId: string): Promise<Refusal | undefined>;
}

const alreadyPending = refuse(
  'conflict',
  'invitation_already_pending',
  'This address has an invitation that is still pending; send that one again or cancel it.',
);
export const alreadyMember = refuse(
  'conflict',
  'already_member',
  'This person is in the organization already.',
);
/** AMB-33. */
export const elsewhere = refuse(
  'conflict',
  'user_belongs_to_another_organization',
  'This person belongs to another organization; a person can be in one at a time.',
);

/** A pending person may be discarded between being found and being registered for this invitation. */
const ATTEMPTS = 3;

/** Who an invitation is for: one person per address, one open invitation per address and where it was sent from. */
@Injectable()
export class Invitees {
  readonly #execution: Execution;
  readonly #claims: Claims;
  readonly #people: People;
  readonly #rates: Rates;
  readonly #offers: MergeOffers;

  constructor(execution: Execution, claims: Claims, people: People, rates: Rates, offers: MergeOffers) {
    this.#offers = offers;
    this.#execution = execution;
    this.#claims = claims;
    this.#people = people;
    this.#rates = rates;
  }

  /** Claims the address for the invitation and sees to it that its person is there (USR-04, AMB-03). */
  async prepare(
    invitationId: string,
    address: Address,
    to: Destination,
    envelope: Envelope,
  ): Promise<Invitee | Refusal> {
    const { sentFrom, organizationId } = to;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const invitee = await this.#find(address, to, envelope);
      if (isRefusal(invitee)) return invitee;
      const pending = await this.#claims.reserve(
        `invite-${this.#people.hash(`${sentFrom}/${address.email}`)}`,
        { holder: invitationId, organizationId, judge: (holder) => this.#judge(holder) },
        envelope,
      );
      if (pending) return pending.code === 'claim_held' ? alreadyPending : pending;
      if (!envelope.dryRun) await takeOne(this.#rates.invitations, address.hash);
      if (invitee.kind !== 'new_user') return invitee;
      const taken = await this.#people.claim(address, invitee.userId, organizationId, envelope);
      const userId = taken ? await this.#comingAs(taken) : invitee.userId;
      if (userId === undefined) continue;
      const registered = await this.#register(invitationId, userId, address, organizationId, envelope);
      if (!isRefusal(registered)) return { ...invitee, userId };
    }
    return alreadyPending;
  }

  /** A new address gets a pending person at once, a known one keeps its own. */
  async #find(
    address: Address,
    { joins, merges }: Destination,
    envelope: Envelope,
  ): Promise<Invitee | Refusal> {
    const known = await this.#people.withAddress(address);
    if (!known || !isLiving(known)) {
      const userId = known?.userId ?? idFrom(envelope.commandId, 'usr');
      return { userId, kind: 'new_user', ownedAccountIds: [], absorbs: null };
    }
    const { userId } = known;
    const existing = { userId, kind: 'existing_user', ownedAccountIds: [], absorbs: null } as const;
    if (joins === null) return existing;
    const home = homeOf(known);
    if (home === null) return { ...existing, ownedAccountIds: known.keptAccounts };
    if (home === joins && known.membership) return alreadyMember;
    if (!merges || !known.membership) return elsewhere;
    const refused = await this.#offers.refuses(userId, home);
    return refused ?? { ...existing, kind: 'merge', absorbs: home };
  }

  /** Who is being made for this address by somebody else at this moment: the same person is invited here. */
  async #comingAs({ members }: Refusal): Promise<string | undefined> {
    const holder = String(members?.holder);
    return (await this.#people.load(holder)).state.status === 'unknown' ? holder : undefined;
  }

  #register(
    invitationId: string,
    userId: string,
    { email, domain }: Address,
    organizationId: string | null,
    envelope: Envelope,
  ) {
    return this.#execution.run(
      {
        decider: user,
        id: userId,
        command: { type: 'RegisterPendingUser', userId, email, domain, invitationId, organizationId },
        made: userId === idFrom(envelope.commandId, 'usr'),
        ahead: true,
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

/** The organization of this person, also one that they are still founding. */
export const homeOf = (person: User): string | null =>
  isLiving(person) ? (person.membership?.organizationId ?? person.founded) : null;
