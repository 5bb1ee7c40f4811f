import { Injectable } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { IsOptional } from 'class-validator';
import { Execution, mayManage, mayRead } from '#commands';
import { VerifiedDomains } from '#domains';
import { type Answered, EmailAddress, ListQuery, OneOf, ReadQuery, SortBy } from '#http';
import { isRefusal, notFound, type Refusal } from '#kernel';
import { organization } from '#organizations';
import { listHandlers, listRow, OrgledgerQuery, readingOf, resourceHandlers, resourceRow } from '#queries';
import { People } from '#users';
import { MergeCandidates } from './merge-candidates.ts';
import type { merge } from './merges.answers.ts';
import type { MergeView } from './merges.projection.ts';

export class PreviewQuery extends ReadQuery {
  @EmailAddress() candidateOwnerEmail!: string;
}

/** What a merge would do; nothing is written. */
export class PreviewMerge extends OrgledgerQuery {
  organizationId!: string;
  candidateOwnerEmail!: string;
}

export class MergesQuery extends ListQuery {
  @IsOptional() @OneOf(['requested', 'withdrawn', 'running', 'completed', 'failed']) status?: string;
  @IsOptional() @SortBy('requestedAt') sort?: string;
}

export class ListMerges extends OrgledgerQuery {
  organizationId!: string;
  status?: string;
}

export class GetMerge extends OrgledgerQuery {
  organizationId!: string;
  mergeId!: string;
}

/** MRG-04…MRG-06, in the words in which people notice it. */
const notices = [
  'Every user of the merged organization becomes a user of this one; its Administrators become Standard Users.',
  'Its accounts belong to this organization; roles on accounts stay as they are, and nobody gains access to other accounts.',
  'Its pending invitations are cancelled and its API keys end.',
  'The merged organization ceases to exist; its history stays readable here. This cannot be undone.',
];

@Injectable()
@QueryHandler(PreviewMerge)
class PreviewMergeHandler implements IQueryHandler<PreviewMerge> {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #domains: VerifiedDomains;
  readonly #candidates: MergeCandidates;

  constructor(execution: Execution, people: People, domains: VerifiedDomains, candidates: MergeCandidates) {
    this.#execution = execution;
    this.#people = people;
    this.#domains = domains;
    this.#candidates = candidates;
  }

  async execute(query: PreviewMerge): Promise<object | Refusal> {
    const { organizationId, candidateOwnerEmail } = query;
    const refused = mayManage(readingOf(query).principal, organizationId);
    if (refused) return refused;
    const domain = this.#people.address(candidateOwnerEmail)?.domain ?? '';
    const unproved = await this.#domains.refuses(organizationId, domain);
    if (unproved) return unproved;
    const found = await this.#candidates.find(organizationId, candidateOwnerEmail);
    if (isRefusal(found)) return found;
    const { ownerId, candidateId, blockers } = found;
    const asked = {
      candidateOwnerEmail,
      candidateOwnerId: ownerId,
      mergeable: blockers.length === 0,
      blockers,
    };
    if (blockers.some(({ code }) => code === 'not_an_owner' || code === 'already_member'))
      return {
        ...asked,
        candidateOrganizationId: null,
        users: [],
        accounts: [],
        roleDowngrades: [],
        notices: [],
      };
    const { state } = await this.#execution.load(organization, candidateId);
    const ours = async (name: string) =>
      (await this.#domains.ownerOf(name))?.organizationId === organizationId;
    return {
      ...asked,
      candidateOrganizationId: candidateId,
      candidateOrganizationName: state.status === 'unknown' ? '' : state.name,
      ...(await this.#candidates.effects(candidateId, ownerId, ours)),
      notices,
    };
  }
}

const item = ({
  revision: _revision,
  isPlanned: _isPlanned,
  _id,
  ...view
}: MergeView & { _id: string }): Answered<typeof merge> => view;

export const mergeQueries = [
  PreviewMergeHandler,
  ...listHandlers(
    listRow<ListMerges, MergeView & { _id: string }>({
      on: ListMerges,
      projection: 'merges',
      authorize: (principal, { organizationId }) => mayRead(principal, organizationId),
      where: ({ organizationId, status }) => ({ organizationId, status }),
      sort: { requestedAt: '-requestedAt' },
      items: (views) => views.map(item),
    }),
  ),
  ...resourceHandlers(
    resourceRow<GetMerge, MergeView & { _id: string }>({
      on: GetMerge,
      projection: 'merges',
      id: ({ mergeId }) => mergeId,
      authorize: (principal, { organizationId }, view) =>
        mayRead(principal, organizationId) ?? (view.organizationId === organizationId ? undefined : notFound),
      item,
    }),
  ),
];
