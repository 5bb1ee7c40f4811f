import { Inject, Injectable, type Provider } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { Principal } from '#commands';
import { Answer, decodeCursor, encodeCursor, withEtag } from '#http';
import { isRefusal, notFound, type Refusal } from '#kernel';
import { type Condition, ReadModels } from '#read-models';
import { type OrgledgerQuery, readingOf } from './queries.ts';

/** The fields of every list's query string (api.md, "Conventions"). */
export interface ListFields {
  readonly limit?: number;
  readonly cursor?: string;
  readonly sort?: string;
}

export interface List<Item> {
  readonly items: readonly Item[];
  readonly total: number;
  /** Only there when true: more match than were counted. */
  readonly totalIsLowerBound?: true;
  readonly nextCursor: string | null;
  readonly position: string;
  readonly asOf: string;
}

type QueryClass<Q> = new () => Q;

/** A list view as a value: which read model, who may see it, what the filters mean, what an item looks like. */
export interface ListRow<Q extends OrgledgerQuery & ListFields, View> {
  readonly on: QueryClass<Q>;
  readonly projection: string;
  /** Read models that the items are completed from. */
  readonly joins?: readonly string[];
  readonly authorize: (principal: Principal, query: Q) => Refusal | undefined;
  /** Conditions on the documents; undefined ones do not count. */
  readonly where: (query: Q) => Readonly<Record<string, Condition | undefined>>;
  /** For an earlier state: conditions that what is looked for meets anyway, by which it is found faster. */
  readonly then?: (
    query: Q,
    readModels: ReadModels,
    at: number,
  ) => Promise<Readonly<Record<string, Condition>> | undefined>;
  /** What `sort` offers → the document's field. The first is the default, downwards with a leading `-`. */
  readonly sort: Readonly<Record<string, string>>;
  readonly items: (
    views: readonly View[],
    readModels: ReadModels,
    at: number | undefined,
    query: Q,
  ) => readonly unknown[] | Promise<readonly unknown[]>;
}

/** One resource of a read model. */
export interface ResourceRow<Q extends OrgledgerQuery, View> {
  readonly on: QueryClass<Q>;
  readonly projection: string;
  /** Read models that the items are completed from. */
  readonly joins?: readonly string[];
  readonly id: (query: Q) => string;
  readonly authorize: (principal: Principal, query: Q, view: View) => Refusal | undefined;
  readonly item: (view: View, readModels: ReadModels, at: number | undefined) => unknown | Promise<unknown>;
}

// biome-ignore lint/suspicious/noExplicitAny: each row is checked where it is made.
type AnyListRow = ListRow<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above.
type AnyResourceRow = ResourceRow<any, any>;

export const listRow = <Q extends OrgledgerQuery & ListFields, View>(row: ListRow<Q, View>): AnyListRow =>
  row;
export const resourceRow = <Q extends OrgledgerQuery, View>(row: ResourceRow<Q, View>): AnyResourceRow => row;

export const listHandlers = (...rows: readonly AnyListRow[]): Provider[] =>
  rows.map((row) => handler(row.on, (query, readModels) => answerList(row, query, readModels)));

export const resourceHandlers = (...rows: readonly AnyResourceRow[]): Provider[] =>
  rows.map((row) => handler(row.on, (query, readModels) => answerResource(row, query, readModels)));

const handler = (
  on: QueryClass<OrgledgerQuery>,
  answer: (query: OrgledgerQuery, readModels: ReadModels) => Promise<unknown>,
): Provider => {
  class RowHandler implements IQueryHandler<OrgledgerQuery> {
    readonly #readModels: ReadModels;
    constructor(readModels: ReadModels) {
      this.#readModels = readModels;
    }
    execute(query: OrgledgerQuery): Promise<unknown> {
      return answer(query, this.#readModels);
    }
  }
  Object.defineProperty(RowHandler, 'name', { value: `${on.name}Handler` });
  Injectable()(RowHandler);
  Inject(ReadModels)(RowHandler, undefined, 0);
  QueryHandler(on)(RowHandler);
  return RowHandler;
};

export const answerList = async (
  row: AnyListRow,
  query: OrgledgerQuery & ListFields,
  readModels: ReadModels,
): Promise<List<unknown> | Refusal> => {
  const { principal, at, asOf, asked, atLeast } = readingOf(query);
  const refused = row.authorize(principal, query);
  if (refused) return refused;
  await readModels.reach(atLeast, [row.projection, ...(row.joins ?? [])]);
  const where = row.where(query);
  const sort = sortOf(row, query.sort);
  const scope = { ...where, sort: query.sort, asOf: asked, list: row.projection };
  const after = decodeCursor(query.cursor, scope);
  const narrower = at === undefined ? undefined : await row.then?.(query, readModels, at);
  const page = await readModels.list(row.projection, {
    where: { ...where, ...narrower },
    sort,
    limit: query.limit ?? 50,
    after,
    asOf: at,
  });
  return {
    items: await row.items(page.items, readModels, at, query),
    total: page.total,
    ...(page.totalIsLowerBound ? { totalIsLowerBound: true } : {}),
    nextCursor: page.next ? encodeCursor(page.next, scope) : null,
    position: String(page.position),
    asOf,
  };
};

const sortOf = (row: AnyListRow, sort: string | undefined): { field: string; direction: 1 | -1 } => {
  const [[first, natural] = ['', '']] = Object.entries(row.sort);
  const field = row.sort[sort?.replace(/^-/, '') ?? first] as string;
  return { field: field.replace(/^-/, ''), direction: (sort ?? natural).startsWith('-') ? -1 : 1 };
};

export const answerResource = async (
  row: AnyResourceRow,
  query: OrgledgerQuery,
  readModels: ReadModels,
): Promise<unknown> => {
  const { principal, at, atLeast } = readingOf(query);
  await readModels.reach(atLeast, [row.projection, ...(row.joins ?? [])]);
  const view = await readModels.get<{ revision?: number }>(row.projection, row.id(query), at);
  if (!view) return notFound;
  const refused = row.authorize(principal, query, view);
  if (refused) return refused;
  const item = await row.item(view, readModels, at);
  return isRefusal(item) || item instanceof Answer || view.revision === undefined || at !== undefined
    ? item
    : withEtag(item, view.revision);
};
