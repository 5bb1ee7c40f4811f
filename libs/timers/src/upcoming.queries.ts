import type { Provider } from '@nestjs/common';
import { IsOptional } from 'class-validator';
import { mayRead } from '#commands';
import { IsoTime, ListQuery, Text } from '#http';
import { listHandlers, listRow, OrgledgerQuery } from '#queries';
import type { ReadModels } from '#read-models';
import type { AnyTimer, TimerView } from './timers.projection.ts';

export class UpcomingQuery extends ListQuery {
  @IsOptional() @Text({ max: 100 }) kind?: string;
  /** Nothing that is due later. */
  @IsOptional() @IsoTime() until?: string;
}

export class ListUpcoming extends OrgledgerQuery {
  organizationId!: string;
  kind?: string;
  until?: string;
}

type Shown = TimerView & { readonly _id: string };

/** The names of what timers are about, by timer; one question per read model. */
const namesOf = async (
  timers: readonly AnyTimer[],
  views: readonly Shown[],
  readModels: ReadModels,
  at: number | undefined,
): Promise<ReadonlyMap<string, string>> => {
  const names = new Map<string, string>();
  const named = views.flatMap((view) => {
    const where = timers.find(({ kind }) => kind === view.kind)?.named;
    if (!where || view.organizationId === null) return [];
    const key = where.key?.(view.subject.id, view.organizationId) ?? view.subject.id;
    return [{ view, ...where, key }];
  });
  for (const [projection, group] of Map.groupBy(named, (one) => one.projection)) {
    const keys = [...new Set(group.map(({ key }) => key))];
    const documents = await readModels.many<Record<string, unknown>>(projection, keys, at);
    for (const { view, key, field } of group) names.set(view._id, String(documents.get(key)?.[field] ?? ''));
  }
  return names;
};

/** The Owner is not among them (AMB-05). */
const usersOf = async (
  { affects, organizationId }: Shown,
  readModels: ReadModels,
  at: number | undefined,
): Promise<number> => {
  if ('users' in affects) return affects.users;
  const role = { in: ['administrator', 'standard_user'] };
  const domain = affects.managedUsersOf;
  return readModels.count('users', { organizationId, kind: 'managed', domain, role }, at);
};

/** What will happen by itself, soonest first: the same timers that will fire. */
export const upcomingQueries = (timers: readonly AnyTimer[]): Provider[] =>
  listHandlers(
    listRow<ListUpcoming, Shown>({
      on: ListUpcoming,
      projection: 'timers',
      joins: [...new Set(['users', ...timers.flatMap(({ named }) => named?.projection ?? [])])],
      authorize: (principal, { organizationId }) => mayRead(principal, organizationId),
      where: ({ organizationId, kind, until }) => ({
        organizationId,
        kind,
        announced: true,
        dueAt: until === undefined ? undefined : { upTo: new Date(until).toISOString() },
      }),
      sort: { dueAt: 'dueAt' },
      items: async (views, readModels, at) => {
        const names = await namesOf(timers, views, readModels, at);
        return Promise.all(
          views.map(async (view) => ({
            id: view._id,
            kind: view.kind,
            dueAt: view.dueAt,
            subject: { ...view.subject, name: names.get(view._id) ?? '' },
            affects: { users: await usersOf(view, readModels, at) },
            because: view.setBy,
          })),
        );
      },
    }),
  );
