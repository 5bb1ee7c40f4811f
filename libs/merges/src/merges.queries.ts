import { Injectable } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { Execution, mayManage, mayRead } from '#commands';
import { VerifiedDomains } from '#domains';
import {
  type Answered,
  decodeCursor,
  EmailAddress,
  encodeCursor,
  ListQuery,
  type ListScope,
  OneOf,
  ReadQuery,
  SortBy,
  Text,
} from '#http';
import { isRefusal, notFound, type Refusal } from '#kernel';
import { organization } from '#organizations';
import { listHandlers, listRow, OrgledgerQuery, readingOf, resourceHandlers, resourceRow } from '#queries';
import { People } from '#users';
import { MergeCandidates } from './merge-candidates.ts';
import { MergePreview, type Place } from './merge-preview.ts';
import type { merge } from './merges.answers.ts';
import type { MergeView } from './merges.projection.ts';

export class PreviewQuery extends ReadQuery {
  @EmailAddress() candidateOwnerEmail!: string;
  /** Users and accounts in one answer. */
  @IsOptional() @IsInt() @Min(1) @Max(1_000) limit?: number = 1_000;
  @IsOptional() @Text({ max: 4_096 }) cursor?: string;
}

/** What a merge would do; nothing is written. */
export class PreviewMerge extends OrgledgerQuery {
  organizationId!: string;
  candidateOwnerEmail!: string;
  limit?: number;
  cursor?: string;
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
  readonly #preview: MergePreview;

  constructor(
    execution: Execution,
    people: People,
    domains: VerifiedDomains,
    candidates: MergeCandidates,
    preview: MergePreview,
  ) {
    this.#execution = execution;
    this.#people = people;
    this.#domains = domains;
    this.#candidates = candidates;
    this.#preview = preview;
  }

  async execute(query: PreviewMerge): Promise<object | Refusal> {
    const { organizationId, candidateOwnerEmail, limit = 1_000, cursor } = query;
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
        usersTotal: 0,
        accounts: [],
        accountsTotal: 0,
        roleDowngrades: [],
        roleDowngradesTotal: 0,
        nextCursor: null,
        notices: [],
      };
    const { state } = await this.#execution.load(organization, candidateId);
    const scope = { organizationId, candidateId, ownerId, list: 'merge-preview' };
    const { next, ...part } = await this.#preview.part(
      organizationId,
      { candidateId, ownerId },
      { from: placeIn(cursor, scope), limit },
    );
    return {
      ...asked,
      candidateOrganizationId: candidateId,
      candidateOrganizationName: state.status === 'unknown' ? '' : state.name,
      ...part,
      nextCursor: next ? cursorAt(next, scope) : null,
      notices,
    };
  }
}

const cursorAt = ([name, after]: Place, scope: ListScope): string =>
  encodeCursor([after?.[0] ?? null, `${name}/${after?.[1] ?? ''}`], scope);

const placeIn = (cursor: string | undefined, scope: ListScope): Place | undefined => {
  const place = decodeCursor(cursor, scope);
  if (!place) return undefined;
  const [value, last] = place;
  const name = last.startsWith('accounts/') ? 'accounts' : 'users';
  const id = last.slice(`${name}/`.length);
  return [name, id === '' ? undefined : [value, id]];
};

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
