import type { Database } from '#sqlite';
import type { Condition, SortField, Test } from '../subset.ts';
import { type Access, accesses, choose, conjuncts } from './access.ts';
import { type Bounds, type Clause, comparison, compile, join } from './compile.ts';
import { guarded } from './engine.ts';
import { keysetBranches } from './keyset.ts';
import type { Layout } from './layout.ts';
import { matches, sorter } from './matching.ts';
import { type Encoded, encode, type Json } from './values.ts';

export interface Query {
  readonly condition: Condition;
  readonly sort: readonly SortField[];
  readonly skip: number;
  /** 0: no limit. */
  readonly limit: number;
}

/** One statement over a collection, and what it leaves to be asked of each document. */
interface Selection {
  readonly source: string;
  /** Without the documents where the index's own rows suffice. */
  readonly keys: string;
  readonly where: Clause;
  readonly residual: Condition | undefined;
  readonly access: Access | undefined;
  readonly columnOf: (path: string) => string;
  /** `id` of a row in this source. */
  readonly id: string;
}

/**
 * The documents of a query in order; `undefined` for each document looked at in vain, so that a long walk can pause.
 * The caller walks to the end, or ends the generator, before it runs another statement of the same text.
 */
export function* rows(database: Database, layout: Layout, query: Query): Generator<Json | undefined> {
  const branches = keysetBranches(query.condition, query.sort);
  const wanted = query.limit === 0 ? 0 : query.skip + query.limit;
  let met = 0;
  for (const condition of branches)
    for (const document of branch(database, layout, condition, query.sort, wanted)) {
      if (document) met++;
      yield met > query.skip ? document : undefined;
      if (document && met === wanted) return;
    }
}

function* branch(
  database: Database,
  layout: Layout,
  condition: Condition,
  sort: readonly SortField[],
  wanted: number,
): Generator<Json | undefined> {
  const selection = select(database, layout, condition, sort, wanted);
  const { residual, access } = selection;
  const inOrder = sort.length === 0 || access?.ordered === true;
  if (access?.merged) {
    yield* passing(textsMerged(database, layout, selection, sort, residual ? 0 : wanted), residual);
  } else if (inOrder && !access?.repeated) {
    yield* passing(texts(database, selection, order(selection, sort), residual ? 0 : wanted), residual);
  } else if (sort.every(([path]) => layout.column(path) && !layout.isMany(path))) {
    yield* passing(textsById(database, layout, selection, sort, residual ? 0 : wanted), residual);
  } else {
    const found: Json[] = [];
    for (const document of passing(texts(database, selection, '', 0), residual)) {
      if (document) found.push(document);
      yield undefined;
    }
    yield* sorter(sort)(found);
  }
}

const order = ({ columnOf }: Selection, sort: readonly SortField[]): string =>
  sort.length === 0
    ? ''
    : ` ORDER BY ${sort.map(([path, direction]) => `${columnOf(path)}${direction === 1 ? '' : ' DESC'}`)}`;

function* passing(found: Iterable<string>, residual: Condition | undefined): Generator<Json | undefined> {
  for (const text of found) {
    const document = JSON.parse(text) as Json;
    yield !residual || matches(residual, document) ? document : undefined;
  }
}

function* texts(
  database: Database,
  { source, where, id, access }: Selection,
  ordered: string,
  limit: number,
): Generator<string> {
  const grouped = access?.repeated ? ` GROUP BY ${id}` : '';
  const sql = `SELECT t.doc AS doc FROM ${source} WHERE ${where.sql}${grouped}${ordered}`;
  for (const row of run(database, upTo(limit, sql), where.params, limit)) yield row.doc as string;
}

/** Sorts ids only, then fetches: documents do not pass through the sort. */
function* textsById(
  database: Database,
  layout: Layout,
  selection: Selection,
  sort: readonly SortField[],
  limit: number,
): Generator<string> {
  const { keys, where, id, access } = selection;
  const grouped = access?.repeated ? ` GROUP BY ${id}` : '';
  const ids = `SELECT ${id} AS id FROM ${keys} WHERE ${where.sql}${grouped}${order(selection, sort)}`;
  for (const row of run(database, fetched(layout, upTo(limit, ids)), where.params, limit))
    yield row.doc as string;
}

/** One range of the index for each alternative; of each only so much is read as the page needs. */
function* textsMerged(
  database: Database,
  layout: Layout,
  { source, where, access, columnOf }: Selection,
  sort: readonly SortField[],
  limit: number,
): Generator<string> {
  const { path, values } = access!.merged!;
  const alternatives = [...new Set(values)].map(encode);
  const size = 2 ** Math.ceil(Math.log2(alternatives.length));
  const fields = sort.map(([field], at) => `${columnOf(field)} AS f${at}`);
  const shown = limit === 0 ? 't.doc AS doc' : 't.rowid AS id';
  const one = `SELECT ${shown}, ${fields} FROM ${source} WHERE ${columnOf(path)} = ? AND ${where.sql}`;
  const ordered = sort.map(([, direction], at) => `f${at}${direction === 1 ? '' : ' DESC'}`);
  const merged = `${Array(size).fill(one).join(' UNION ALL ')} ORDER BY ${ordered}`;
  const params = Array.from({ length: size }, (_, at) => [
    alternatives[at] ?? NOWHERE,
    ...where.params,
  ]).flat();
  // Ids without a limit would all be found first, however few documents suffice.
  const sql = limit === 0 ? merged : fetched(layout, upTo(limit, merged));
  for (const row of run(database, sql, params, limit)) yield row.doc as string;
}

/** Documents in the order of their ids, each looked up within the one statement. */
const fetched = ({ table }: Layout, ids: string): string =>
  `WITH found AS MATERIALIZED (${ids}) SELECT (SELECT doc FROM ${table} WHERE rowid=found.id) AS doc FROM found`;

const upTo = (limit: number, sql: string): string => (limit === 0 ? sql : `${sql} LIMIT ?`);

/** Encodes nothing. */
const NOWHERE = Uint8Array.of(0);

/** Up to this many rows are fetched at once, more one by one. */
const AT_ONCE = 1_000;

/** While it is walked, all that the connection reads is of one moment: another may delete what was found. */
const run = (database: Database, sql: string, params: readonly Encoded[], limit: number) => {
  const statement = database.statement(sql);
  if (limit === 0) return statement.iterate(...params);
  return limit > AT_ONCE ? statement.iterate(...params, limit) : statement.all(...params, limit);
};

export const byId = (database: Database, layout: Layout | undefined, id: string): Json | undefined => {
  const row = layout && guarded(() => database.statement(layout.sql.text).get(id));
  return row && (JSON.parse(row.doc as string) as Json);
};

/** Up to the query's limit. Undefined: the columns cannot tell, the documents have to be walked. */
export const countIn = (database: Database, layout: Layout | undefined, query: Query): number | undefined => {
  if (!layout) return 0;
  return guarded(() => {
    const selection = select(database, layout, query.condition, [], 0);
    return selection.residual ? undefined : counted(database, selection, query.limit);
  });
};

const counted = (database: Database, { keys, where, id, access }: Selection, limit: number): number => {
  const found = `SELECT ${access?.repeated ? `DISTINCT ${id}` : '1'} FROM ${keys} WHERE ${where.sql}`;
  // To find the last that counts takes half of what it takes to count them.
  if (limit > 0 && database.statement(`${found} LIMIT 1 OFFSET ?`).get(...where.params, limit - 1))
    return limit;
  const sql =
    limit === 0 && !access?.repeated
      ? `SELECT count(*) AS n FROM ${keys} WHERE ${where.sql}`
      : `SELECT count(*) AS n FROM (${found}${limit === 0 ? '' : ' LIMIT ?'})`;
  const params = limit === 0 ? where.params : [...where.params, limit];
  return database.statement(sql).get(...params)!.n as number;
};

const select = (
  database: Database,
  layout: Layout,
  condition: Condition,
  sort: readonly SortField[],
  wanted: number,
): Selection => {
  const parts = conjuncts(condition);
  const tests = parts.filter((part) => part.kind === 'test');
  const access = choose(
    accesses(layout, tests, sort),
    sort.length > 0,
    wanted,
    () => Number(database.statement(`SELECT max(rowid) AS n FROM ${layout.table}`).get()!.n ?? 0),
    (candidate, bound) => counted(database, selection(layout, candidate.used, candidate, []), bound),
  );
  return selection(layout, parts, access, sort);
};

const selection = (
  layout: Layout,
  parts: readonly Condition[],
  access: Access | undefined,
  sort: readonly SortField[],
): Selection => {
  const entries = access?.index.entries;
  const inEntries = new Set(
    entries ? access.index.fields.map(({ path }) => path).filter((path) => !layout.isMany(path)) : [],
  );
  let documents = !entries || sort.some(([path]) => !inEntries.has(path));
  const columnOf = (path: string): string => {
    if (inEntries.has(path)) return `e.${layout.column(path)}`;
    documents = true;
    return `t.${layout.column(path)}`;
  };
  const residual: Condition[] = [];
  const clauses = parts.flatMap((part): Clause[] => {
    if (part === access?.merged) return [];
    if (part.kind === 'test' && entries && layout.isMany(part.path) && access.used.includes(part))
      return [comparison(part, `e.${layout.column(part.path)}`)];
    const clause = compile(part, layout, columnOf, boundsBeside(part, parts));
    if (!clause?.exact) residual.push(part);
    return clause ? [clause] : [];
  });
  const where = clauses.length === 0 ? { sql: '1', params: [], exact: true } : join(clauses, ' AND ');
  const table = `${layout.table} t`;
  const hint = access ? ` INDEXED BY ${access.index.name}` : '';
  const source = entries ? `${entries} e CROSS JOIN ${table} ON t.rowid = e.id` : `${table}${hint}`;
  return {
    source,
    keys: documents ? source : `${entries} e`,
    id: entries ? 'e.id' : 't.rowid',
    where,
    residual: residual.length === 0 ? undefined : { kind: 'all', of: residual },
    access,
    columnOf,
  };
};

/** Does another test bound the same path from the other side, within the same type? */
const boundsBeside = (part: Condition, parts: readonly Condition[]): Bounds => {
  if (part.kind !== 'test') return { lower: false, upper: false };
  const beside = (ops: readonly Test['op'][]): boolean =>
    parts.some(
      (other) =>
        other.kind === 'test' &&
        other.path === part.path &&
        ops.includes(other.op) &&
        'value' in part &&
        'value' in other &&
        typeof other.value === typeof part.value,
    );
  return { lower: beside(['gt', 'gte']), upper: beside(['lt', 'lte']) };
};
