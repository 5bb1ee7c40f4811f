import type { ReadModels } from '#read-models';
import type { RemovalView } from './removals.projection.ts';

/** Why somebody is not brought back. */
export const reasonAgainst = ({ whereabouts }: RemovalView): string | null => {
  switch (whereabouts) {
    case 'away':
      return null;
    case 'elsewhere':
      return 'member_of_other_organization';
    case 'deleted':
      return 'deleted';
    default:
      return 'already_member';
  }
};

/** Whom lapses of this name removed from this organization, by id. */
export const removedFrom = async (
  readModels: ReadModels,
  {
    organizationId,
    domain,
    after,
    limit,
    asOf,
  }: { organizationId: string; domain: string; after: string; limit: number; asOf?: number },
): Promise<{ readonly people: readonly RemovalView[]; readonly next: string | null }> => {
  const page = await readModels.list<RemovalView>('removals', {
    where: { organizationId, domain, userId: { after } },
    sort: { field: 'userId', direction: 1 },
    limit,
    asOf,
    totals: false,
  });
  return { people: page.items, next: page.next ? String(page.next[0]) : null };
};

/** All whom a restore would bring back, however few of them are named. */
export const countRestorable = (
  readModels: ReadModels,
  whose: { readonly organizationId: string; readonly domain: string },
  asOf?: number,
): Promise<number> => readModels.count('removals', { ...whose, whereabouts: 'away' }, asOf);

/** All whom lapses removed, however few of them are named. */
export const countRemoved = (
  readModels: ReadModels,
  whose: { readonly organizationId: string; readonly domain: string },
  asOf?: number,
): Promise<number> => readModels.count('removals', whose, asOf);
