import type { SpareTime } from '#clock';
import type { ListRequest, ReadModels } from '#read-models';

/** Of what the read model knows of somebody. */
export interface Managed {
  readonly userId: string;
  readonly kind: string;
  readonly domain: string;
  readonly role: string | null;
  readonly joinedAt: string | null;
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

/** A lapse of one domain of one organization, as the log has it. */
export interface Lapse {
  readonly organizationId: string;
  readonly domain: string;
  /** Position of the log: whoever joined behind it has nothing to do with this lapse. */
  readonly position: number;
}

const keyOf = (organizationId: string, userId: string): string => `${organizationId}:${userId}`;

export interface Hit {
  readonly people: readonly Managed[];
  readonly isLast: boolean;
}

/**
 * The next people who were there when it lapsed, whatever has become of them since, so many at most and some at a time:
 * in the order in which they joined, which stays as it was also when somebody is erased.
 */
export async function* hitBy(
  readModels: ReadModels,
  { organizationId, domain, position }: Lapse,
  after: string,
  { atMost, atOnce }: { readonly atMost: number; readonly atOnce: number },
): AsyncGenerator<Hit> {
  const before = keyOf(organizationId, after);
  const last = after === '' ? undefined : await readModels.get<Managed>('users', before, position);
  let behind: ListRequest['after'] = last && [last.joinedAt, before];
  for (let seen = 0; seen < atMost; seen += atOnce) {
    const { items, next } = await readModels.list<Managed>('users', {
      where: { organizationId, kind: 'managed', domain, role: removable },
      sort: { field: 'joinedAt', direction: 1 },
      limit: Math.min(atOnce, atMost - seen),
      after: behind,
      asOf: position,
      totals: false,
    });
    yield { people: items, isLast: next === null };
    if (next === null) return;
    behind = next;
  }
}

/** Those who are still there by the same joining: whoever has left and come back stays. */
export const stillThere = async (
  readModels: ReadModels,
  { organizationId, domain }: Lapse,
  people: readonly Managed[],
): Promise<readonly Managed[]> => {
  const now = await readModels.many<Managed>(
    'users',
    people.map(({ userId }) => keyOf(organizationId, userId)),
  );
  return people.flatMap(({ userId, joinedAt }) => {
    const person = now.get(keyOf(organizationId, userId));
    const isSame = person?.kind === 'managed' && person.joinedAt === joinedAt && person.domain === domain;
    return isSame && person.role !== 'owner' ? [person] : [];
  });
};

/** So many share a commit, in the time that callers leave. */
const AT_ONCE = 18;

/** Works on all of them, so many at a time, so that neither people nor what follows from each have long to wait. */
export const inTurns = async <T>(
  items: readonly T[],
  spareTime: Pick<SpareTime, 'turn'>,
  work: (items: readonly T[]) => Promise<unknown>,
): Promise<void> => {
  for (let from = 0; from < items.length; from += AT_ONCE) {
    await spareTime.turn('domains');
    await work(items.slice(from, from + AT_ONCE));
  }
};
