import { domainToASCII } from 'node:url';
import { IsOptional } from 'class-validator';
import { mayRead } from '#commands';
import { verificationFile } from '#dns-proof';
import { Answer, type Answered, ListQuery, OneOf, SortBy, Text } from '#http';
import { foldCase, notFound } from '#kernel';
import { listHandlers, listRow, OrgledgerQuery, resourceHandlers, resourceRow } from '#queries';
import type { ReadModels } from '#read-models';
import { proofOf } from './domain-tokens.ts';
import type { domain as shown } from './domains.answers.ts';
import type { DomainView } from './domains.projection.ts';

export class DomainsQuery extends ListQuery {
  @IsOptional() @OneOf(['pending', 'verified', 'unvalidated', 'expired']) status?: string;
  @IsOptional() @SortBy('domain', 'status') sort?: string;
  @IsOptional() @Text({ max: 200 }) search?: string;
}

export class ListDomains extends OrgledgerQuery {
  organizationId!: string;
  status?: string;
  search?: string;
}

export class GetDomain extends OrgledgerQuery {
  organizationId!: string;
  domainId!: string;
}

export class GetVerificationFile extends GetDomain {}

/** Other letters are stored as A-labels, and found by whole labels. */
const asStored = (search: string): string =>
  (/[^\0-\x7f]/.test(search) && domainToASCII(search)) || foldCase(search);

const item = async (
  view: DomainView,
  readModels: ReadModels,
  at: number | undefined,
): Promise<Answered<typeof shown>> => {
  const { domainId, domain, method, status, verifiedAt, lastCheckedAt, nextCheckAt } = view;
  const { organizationId, unvalidatedSince, deletionDueAt, token } = view;
  const managedUsers = await readModels.count('users', { organizationId, kind: 'managed', domain }, at);
  return {
    domainId,
    organizationId,
    domain,
    method,
    status,
    verifiedAt,
    lastCheckedAt,
    nextCheckAt,
    unvalidatedSince,
    deletionDueAt,
    managedUsers,
    // DOM-18
    importCandidates:
      status === 'verified' ? `/v1/organizations/${organizationId}/import-candidates?domain=${domain}` : null,
    ...proofOf(domain, token),
  };
};

const one = {
  projection: 'domains',
  joins: ['users'],
  id: ({ domainId }: GetDomain) => domainId,
  authorize: (principal: Parameters<typeof mayRead>[0], { organizationId }: GetDomain, view: DomainView) =>
    mayRead(principal, organizationId) ?? (view.organizationId === organizationId ? undefined : notFound),
};

export const domainQueries = [
  ...listHandlers(
    listRow<ListDomains, DomainView>({
      on: ListDomains,
      projection: 'domains',
      joins: ['users'],
      authorize: (principal, { organizationId }) => mayRead(principal, organizationId),
      where: ({ organizationId, status, search }) => ({
        organizationId,
        status,
        words: search === undefined ? undefined : { prefix: asStored(search.trim()) },
      }),
      sort: { domain: 'domain', status: 'status' },
      items: (views, readModels, at) => Promise.all(views.map((view) => item(view, readModels, at))),
    }),
  ),
  ...resourceHandlers(
    resourceRow<GetDomain, DomainView>({ ...one, on: GetDomain, item }),
    resourceRow<GetVerificationFile, DomainView>({
      ...one,
      on: GetVerificationFile,
      item: ({ token }) =>
        new Answer(200, verificationFile(token), {
          'content-type': 'text/html; charset=utf-8',
          'content-disposition': 'attachment; filename="orgledger-domain-verification.html"',
        }),
    }),
  ),
];
