import type { Scalar } from '#kernel';
import type { Condition, Test } from '../subset.ts';
import type { Layout } from './layout.ts';
import { afterPrefix, type Encoded, encode, NULL } from './values.ts';

/** A piece of SQL that holds for every document that satisfies the condition; `exact`: for no other one. */
export interface Clause {
  readonly sql: string;
  readonly params: readonly Encoded[];
  readonly exact: boolean;
}

/** Which bounds other tests give already: then the bound of the type need not be one for the index. */
export interface Bounds {
  readonly lower: boolean;
  readonly upper: boolean;
}

const NONE: Bounds = { lower: false, upper: false };
const NEVER: Clause = { sql: '0', params: [], exact: true };

export type ColumnOf = (path: string) => string;

/** Undefined: the columns cannot tell. */
export const compile = (
  condition: Condition,
  layout: Layout,
  columnOf: ColumnOf,
  bounds: Bounds = NONE,
): Clause | undefined => {
  switch (condition.kind) {
    case 'test': {
      if (!layout.column(condition.path)) return undefined;
      const column = columnOf(condition.path);
      if (condition.op === 'exists' && condition.path !== '_id') return undefined;
      if (layout.isMany(condition.path)) return containment(condition, column);
      return condition.path === '_id' ? identity(condition, column) : comparison(condition, column, bounds);
    }
    case 'not': {
      if (isNull(condition.of) && isPlainColumn(layout, condition.of.path))
        return exact(`${columnOf(condition.of.path)} > ?`, NULL);
      const inner = compile(condition.of, layout, columnOf);
      return inner?.exact ? { ...inner, sql: `NOT (${inner.sql})` } : undefined;
    }
    case 'all': {
      const parts = condition.of.map((part) => compile(part, layout, columnOf));
      const known = parts.filter((part) => part !== undefined);
      if (known.length === 0) return condition.of.length === 0 ? { ...NEVER, sql: '1' } : undefined;
      const joined = join(known, ' AND ');
      return known.length === parts.length ? joined : { ...joined, exact: false };
    }
    case 'any': {
      const parts = condition.of.map((part) => compile(part, layout, columnOf));
      return parts.every((part) => part !== undefined) ? join(parts, ' OR ') : undefined;
    }
  }
};

export const join = (clauses: readonly Clause[], by: ' AND ' | ' OR '): Clause => ({
  sql: clauses.length === 1 ? clauses[0]!.sql : `(${clauses.map(({ sql }) => sql).join(by)})`,
  params: clauses.flatMap(({ params }) => params),
  exact: clauses.every(({ exact }) => exact),
});

const isPlainColumn = (layout: Layout, path: string): boolean =>
  path !== '_id' && layout.column(path) !== undefined && !layout.isMany(path);

const isNull = (condition: Condition): condition is Test =>
  condition.kind === 'test' && condition.op === 'eq' && condition.value === null;

const exact = (sql: string, ...params: Encoded[]): Clause => ({ sql, params, exact: true });

/** An `_id` is always text. */
const identity = (test: Test, column: string): Clause => {
  if (test.op === 'exists') return test.value ? exact('1') : NEVER;
  if (test.op === 'in')
    return comparison({ ...test, values: test.values.filter((value) => typeof value === 'string') }, column);
  if (typeof test.value !== 'string') return NEVER;
  if (test.op === 'eq' || test.op === 'prefix') return comparison(test, column);
  return exact(`${column} ${SIGN[test.op]} ?`, test.value);
};

const SIGN = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/** Where the values of a type end, as SQL: a comparison never leaves the type of its operand. */
const LIMITS = {
  number: { lower: '> -9e999', upper: "< ''" },
  string: { lower: ">= ''", upper: "< x''" },
  boolean: { lower: ">= x'fe'", upper: "<= x'ff'" },
} as const;

/** One column against encoded values, exactly. */
export const comparison = (test: Test, column: string, bounds: Bounds = NONE): Clause => {
  switch (test.op) {
    case 'eq':
      return exact(`${column} = ?`, encode(test.value));
    case 'in':
      return list(column, test.values);
    case 'prefix': {
      const end = afterPrefix(test.value);
      return end === undefined
        ? exact(`(${column} >= ? AND ${column} < x'')`, test.value)
        : exact(`(${column} >= ? AND ${column} < ?)`, test.value, end);
    }
    case 'exists':
      throw new TypeError('a column does not tell null from missing');
    default: {
      const limits = LIMITS[typeof test.value as keyof typeof LIMITS];
      const side = test.op === 'gt' || test.op === 'gte' ? 'upper' : 'lower';
      const bound = `${bounds[side] ? '+' : ''}${column} ${limits[side]}`;
      return exact(`(${column} ${SIGN[test.op]} ? AND ${bound})`, encode(test.value));
    }
  }
};

const list = (column: string, values: readonly Scalar[]): Clause => {
  const distinct = [...new Set(values)];
  if (distinct.length === 0) return NEVER;
  if (distinct.length === 1) return exact(`${column} = ?`, encode(distinct[0]));
  if (distinct.every((value) => typeof value === 'string' && value.isWellFormed()))
    return exact(`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(distinct));
  const size = 2 ** Math.ceil(Math.log2(distinct.length));
  const padded = Array.from({ length: size }, (_, at) => encode(distinct[Math.min(at, distinct.length - 1)]));
  return exact(`${column} IN (${padded.map(() => '?')})`, ...padded);
};

/**
 * A column that holds JSON text where a document has an array: the text of the value must occur in it. That is cheap
 * and lets through a few too many.
 */
const containment = (test: Test, column: string): Clause | undefined => {
  const within = (needle: string): Clause => ({
    sql: `(${column} >= x'5b' AND ${column} < x'5c' AND instr(${column}, ?))`,
    params: [Buffer.from(needle)],
    exact: false,
  });
  if (test.op === 'prefix')
    return join([comparison(test, column), within(JSON.stringify(test.value).slice(0, -1))], ' OR ');
  if (test.op === 'eq' && test.value !== null)
    return join([comparison(test, column), within(JSON.stringify(test.value))], ' OR ');
  if (test.op === 'in' && test.values.length <= 16 && !test.values.includes(null))
    return join(
      [comparison(test, column), ...test.values.map((value) => within(JSON.stringify(value)))],
      ' OR ',
    );
  return undefined;
};

/** Can an index be entered by this test? */
export const seekable = (test: Test): boolean => {
  if (test.op === 'exists') return false;
  if (test.op === 'in')
    return test.path === '_id'
      ? test.values.some((value) => typeof value === 'string')
      : test.values.length > 0;
  return test.path !== '_id' || typeof test.value === 'string';
};
