import { Injectable } from '@nestjs/common';
import { Execution } from '#commands';
import { elsewhere, MergeOffers } from '#invitations';
import { notFound, type Refusal } from '#kernel';
import { organization } from '#organizations';
import { isLiving, People, Room } from '#users';
import { Candidate } from './candidate.ts';

export interface Blocker {
  readonly code: string;
  readonly detail: string;
}

const sentences: Readonly<Record<string, string>> = {
  not_an_owner: 'This person owns no organization that could be merged.',
  already_member: 'This person is in the organization already.',
  candidate_not_open: 'Their organization is being merged, or was merged already.',
  user_limit_reached: 'This organization has no room for all of their users.',
  account_limit_reached: 'This organization has no room for all of their accounts.',
  candidate_has_verified_domains: 'Their organization has a verified domain of its own.',
};

const blocker = (code: string): Blocker => ({ code, detail: sentences[code] ?? code });

/** Whom a merge would move, and what stands in its way (MRG-02, AMB-13). */
@Injectable()
export class MergeCandidates extends MergeOffers {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #candidate: Candidate;
  readonly #room: Room;

  constructor(execution: Execution, people: People, candidate: Candidate, room: Room) {
    super();
    this.#execution = execution;
    this.#people = people;
    this.#candidate = candidate;
    this.#room = room;
  }

  async refuses(ownerId: string, candidateId: string): Promise<Refusal | undefined> {
    const blockers = await this.#blockers(ownerId, candidateId);
    return blockers.length > 0 ? { ...elsewhere, members: { blockers } } : undefined;
  }

  /** `into`: only what that organization has room for. */
  async #blockers(ownerId: string, candidateId: string, into?: string): Promise<Blocker[]> {
    const { state } = await this.#execution.load(organization, candidateId);
    if (state.status === 'unknown' || state.ownerId !== ownerId) return [blocker('not_an_owner')];
    const { hasVerifiedDomains, coming } = await this.#candidate.size(candidateId);
    const full = into === undefined ? undefined : await this.#room.refuses(into, coming);
    return [
      ...(state.status === 'open' ? [] : [blocker('candidate_not_open')]),
      ...(state.status === 'open' && hasVerifiedDomains ? [blocker('candidate_has_verified_domains')] : []),
      ...(full ? [blocker(full.code)] : []),
    ];
  }

  /** Who owns what, for somebody whose domain the asking organization has proved. */
  async find(
    organizationId: string,
    email: string,
  ): Promise<{ ownerId: string; candidateId: string; blockers: readonly Blocker[] } | Refusal> {
    const address = this.#people.address(email);
    const person = address && (await this.#people.withAddress(address));
    if (!person || !isLiving(person)) return notFound;
    const { userId: ownerId, membership } = person;
    const candidateId = membership?.organizationId ?? '';
    const blockers =
      candidateId === organizationId
        ? [blocker('already_member')]
        : await this.#blockers(ownerId, candidateId, organizationId);
    return { ownerId, candidateId, blockers };
  }
}
