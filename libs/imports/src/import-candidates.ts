import type { Scalar } from '#kernel';
import type { Condition, Page, ReadModels } from '#read-models';
import type { CandidateView } from './candidates.projection.ts';
import type { ImportView } from './imports.projection.ts';
import { outlook } from './report.ts';

interface Request {
  readonly organizationId: string;
  readonly seen: 'new' | 'left_out' | undefined;
  /** Only people of this one. */
  readonly domain: string | undefined;
  readonly direction: 1 | -1;
  readonly limit: number;
  readonly after: readonly [Scalar, string] | undefined;
  readonly at: number | undefined;
}

type Found = Omit<Page<unknown>, 'position' | 'items'> & { readonly items: readonly object[] };

/** IMP-06: people of the verified domains who are not in the organization, all domains in one order. */
export const candidatesOf = async (readModels: ReadModels, request: Request): Promise<Found> => {
  const { direction, limit, at } = request;
  const imported = await lastImports(readModels, request);
  const domains = await verifiedDomains(readModels, request);
  const pages = await Promise.all(
    domains.map((domain) => ofDomain(readModels, request, domain, imported.get(domain))),
  );
  const found = pages.flatMap(({ items }) => items).sort((a, b) => direction * inOrder(a, b));
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const more = found.length > limit || pages.some(({ next }) => next);
  return {
    items: await Promise.all(shown.map((person) => item(person, readModels, imported, at))),
    total: pages.reduce((sum, { total }) => sum + total, 0),
    totalIsLowerBound: pages.some(({ totalIsLowerBound }) => totalIsLowerBound),
    next: more && last ? [last.signedUpAt, last.userId] : null,
  };
};

const inOrder = (a: CandidateView, b: CandidateView): number =>
  compare(a.signedUpAt, b.signedUpAt) || compare(a.userId, b.userId);

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

const ofDomain = (
  readModels: ReadModels,
  { organizationId, seen, direction, limit, after, at }: Request,
  domain: string,
  imported: string | undefined,
): Promise<Page<CandidateView>> =>
  readModels.list<CandidateView>('import-candidates', {
    where: {
      domain,
      status: 'active',
      organizationId: { not: organizationId },
      signedUpAt: seenSince(seen, imported),
    },
    sort: { field: 'signedUpAt', direction },
    limit,
    after,
    asOf: at,
  });

/** Before the first import everybody is new. */
const seenSince = (seen: Request['seen'], imported = ''): Condition | undefined => {
  if (seen === undefined) return undefined;
  return seen === 'new' ? { after: imported } : { upTo: imported };
};

const verifiedDomains = async (
  readModels: ReadModels,
  { organizationId, domain, at }: Request,
): Promise<string[]> => {
  const { items } = await readModels.list<{ domain: string }>('domains', {
    where: { organizationId, domain, status: 'verified' },
    sort: { field: 'domain', direction: 1 },
    limit: 1_000,
    asOf: at,
    totals: false,
  });
  return items.map(({ domain }) => domain);
};

/** Domain → when the newest import of it that was started asked for its report. */
const lastImports = async (
  readModels: ReadModels,
  { organizationId, at }: Request,
): Promise<ReadonlyMap<string, string>> => {
  const { items } = await readModels.list<ImportView>('imports', {
    where: { organizationId, status: { in: ['running', 'completed'] } },
    sort: { field: 'requestedAt', direction: -1 },
    limit: 1_000,
    asOf: at,
    totals: false,
  });
  return new Map(
    items.toReversed().flatMap(({ domains, requestedAt }) => domains.map((name) => [name, requestedAt])),
  );
};

const item = async (
  person: CandidateView,
  readModels: ReadModels,
  imported: ReadonlyMap<string, string>,
  at: number | undefined,
) => {
  const { userId, email, givenName, familyName, domain, signedUpAt, organizationId, role } = person;
  return {
    userId,
    email,
    givenName,
    familyName,
    domain,
    signedUpAt,
    organizationId,
    role,
    outlook: outlook(person),
    blockers: await blockers(person, readModels, at),
    leftOut: signedUpAt <= (imported.get(domain) ?? ''),
  };
};

/** IMP-10: what would keep this person out if the import ran now. */
const blockers = async (
  { organizationId, role }: CandidateView,
  readModels: ReadModels,
  at: number | undefined,
): Promise<string[]> => {
  if (organizationId === null) return [];
  if (role !== 'owner') return ['member_of_other_organization'];
  const proved = { organizationId, status: { in: ['verified', 'unvalidated'] } };
  const domains = await readModels.count('domains', proved, at);
  return domains > 0 ? ['owner_of_other_organization_with_domains'] : [];
};
