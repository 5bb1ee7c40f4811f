import type { ReadModels } from '#read-models';

/** Of what the read model knows of somebody. */
export interface Managed {
  readonly userId: string;
  readonly accountIds: readonly string[];
}

const removable = { in: ['administrator', 'standard_user'] } as const;

/** AMB-05: managed users whose address is of exactly this domain, without the Organization Owner. */
export const countRemovable = (
  readModels: ReadModels,
  organizationId: string,
  domain: string,
): Promise<number> => readModels.count('users', { organizationId, kind: 'managed', domain, role: removable });

/** The Organization Owner, when their address is of this domain. */
export const exemptOwner = async (
  readModels: ReadModels,
  organizationId: string,
  domain: string,
): Promise<string | null> => {
  const { items } = await readModels.list<Managed>('users', {
    where: { organizationId, kind: 'managed', role: 'owner', domain },
    sort: { field: 'name', direction: 1 },
    limit: 1,
    totals: false,
  });
  return items[0]?.userId ?? null;
};

/** The first so many of them. */
export const nextToRemove = async (
  readModels: ReadModels,
  organizationId: string,
  domain: string,
  limit: number,
): Promise<readonly Managed[]> => {
  const { items } = await readModels.list<Managed>('users', {
    where: { organizationId, kind: 'managed', domain, role: removable },
    sort: { field: 'name', direction: 1 },
    limit,
    totals: false,
  });
  return items;
};

/** Works on all of them, so many at once, and lets others have their turn in between. */
export const inTurns = async <T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  for (let from = 0; from < items.length; from += atOnce) {
    await Promise.all(items.slice(from, from + atOnce).map(work));
    await new Promise<void>((resume) => setImmediate(resume));
  }
};
