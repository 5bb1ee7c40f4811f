import type { Condition, SortField, Test } from '../subset.ts';
import { seekable } from './compile.ts';
import type { Index, Layout } from './layout.ts';

/** One way into a collection. */
export interface Access {
  readonly index: Index;
  /** The tests that the index answers. */
  readonly used: readonly Test[];
  /** Fields pinned by equality, and a half for a range on the next one. */
  readonly weight: number;
  /** Rows come in the order of the sort. */
  readonly ordered: boolean;
  /** A document may come more than once: a range over the elements of arrays. */
  readonly repeated: boolean;
  /** A list of alternatives, each a range of the index in the order of the sort: they are merged as they are read. */
  readonly merged?: Alternatives;
}

export type Alternatives = Extract<Test, { op: 'in' }>;

/** The top level of a filter, as the list of what must hold. */
export const conjuncts = (condition: Condition): readonly Condition[] =>
  condition.kind === 'all' ? condition.of.flatMap(conjuncts) : [condition];

export const accesses = (
  layout: Layout,
  tests: readonly Test[],
  sort: readonly SortField[],
): readonly Access[] => {
  const usable = tests.filter((test) => layout.column(test.path) && seekable(test));
  const pinned = new Set(
    usable.filter(({ path, op }) => op === 'eq' && !layout.isMany(path)).map(({ path }) => path),
  );
  const order = afterPinned(sort, pinned);
  return [primary(layout), ...layout.indexes]
    .flatMap((index) => [entry(layout, index, usable, order), merging(layout, index, usable, order)])
    .filter((access) => access !== undefined);
};

const primary = (layout: Layout): Index => ({
  name: `sqlite_autoindex_${layout.table}_1`,
  unique: true,
  fields: [{ path: '_id', column: '_id', direction: 1 }],
});

/** What is left to sort by: pinned fields are all alike, and nothing follows an `_id`. */
const afterPinned = (sort: readonly SortField[], pinned: ReadonlySet<string>): readonly SortField[] => {
  if (pinned.has('_id')) return [];
  const open = sort.filter(([path]) => !pinned.has(path));
  const last = open.findIndex(([path]) => path === '_id');
  return last < 0 ? open : open.slice(0, last + 1);
};

const entry = (
  layout: Layout,
  index: Index,
  tests: readonly Test[],
  order: readonly SortField[],
): Access | undefined => {
  const used: Test[] = [];
  let at = 0;
  for (; at < index.fields.length; at++) {
    const { path } = index.fields[at]!;
    const pin = tests.find(
      (test) => test.path === path && test.op === 'eq' && !(test.value === null && layout.isMany(path)),
    );
    if (!pin) break;
    used.push(pin);
  }
  const next = index.fields[at]?.path;
  const manyNext = next !== undefined && layout.isMany(next);
  const ranges = tests.filter(
    (test) =>
      test.path === next && test.op !== 'eq' && !(manyNext && test.op === 'in' && test.values.includes(null)),
  );
  if (manyNext) ranges.splice(1);
  const manyUsed = [...used, ...ranges].some(({ path }) => layout.isMany(path));
  if (index.many && !manyUsed) return undefined;
  const repeated = manyNext && ranges.length > 0;
  const named = [...used, ...ranges].some(({ path, op }) => path === '_id' && (op === 'eq' || op === 'in'));
  return {
    index,
    used: [...used, ...ranges],
    weight: named && index.fields[0]!.path === '_id' ? BY_ID : at + (ranges.length > 0 ? 0.5 : 0),
    ordered: follows(layout, index, at, order),
    repeated,
  };
};

/** As if each alternative on the first field were the only one. */
const merging = (
  layout: Layout,
  index: Index,
  tests: readonly Test[],
  order: readonly SortField[],
): Access | undefined => {
  const { path } = index.fields[0]!;
  const alternatives = tests.find((test) => test.path === path && test.op === 'in') as
    | Alternatives
    | undefined;
  if (!alternatives || order.length === 0 || path === '_id' || index.many) return undefined;
  if (new Set(alternatives.values).size > MERGED) return undefined;
  const pin: Test = { kind: 'test', path, op: 'eq', value: null };
  const access = entry(layout, index, [pin, ...tests], order);
  if (!access?.ordered) return undefined;
  return { ...access, used: access.used.with(0, alternatives), merged: alternatives };
};

/**
 * Are the index's fields from here on the sort, forwards or backwards? An `_id` that the index lacks only orders those
 * that are alike: the engine sorts within them as it walks.
 */
const follows = (layout: Layout, index: Index, at: number, order: readonly SortField[]): boolean =>
  [1, -1].some((sign) =>
    order.every(([path, direction], place) => {
      const field = index.fields[at + place];
      if (!field && path === '_id' && place > 0) return true;
      return field?.path === path && field.direction * sign === direction && !layout.isMany(path);
    }),
  );

/**
 * A page in sort order: walk the index that has the order and pass over what does not match, or collect the matches
 * from a narrower index and sort them. Walking is right when matches are many, sorting when they are few: `atMost`
 * counts them, up to a bound that makes both cost about the same.
 */
export const choose = (
  candidates: readonly Access[],
  sorted: boolean,
  page: number,
  size: () => number,
  atMost: (access: Access, bound: number) => number,
): Access | undefined => {
  const best = bestOf(candidates.filter(({ weight }) => weight > 0));
  const walk = sorted ? bestOf(candidates.filter(({ ordered }) => ordered)) : best;
  if (!walk) return best;
  const narrow = bestOf(
    candidates.filter(
      ({ ordered, used }) => !(sorted && ordered) && used.some((test) => !walk.used.includes(test)),
    ),
  );
  if (!narrow) return walk;
  if (!sorted) return atMost(narrow, FEW + 1) <= FEW ? narrow : walk;
  if (page === 0) return walk.weight >= narrow.weight ? walk : narrow;
  const bound = Math.min(10_000, Math.max(1_000, Math.ceil(Math.sqrt(page * size()))));
  return atMost(narrow, bound + 1) <= bound ? narrow : walk;
};

const bestOf = (candidates: readonly Access[]): Access | undefined =>
  candidates.reduce<Access | undefined>(
    (winner, candidate) => (winner && rank(winner) >= rank(candidate) ? winner : candidate),
    undefined,
  );

const rank = ({ weight, ordered }: Access): number => weight + (ordered ? 0.01 : 0);

/** So few that nothing is lost by looking at all of them. */
const FEW = 1_000;

/** So many ranges are merged at most. */
const MERGED = 256;

/** Documents named by their ids are worth more than any number of other fields. */
const BY_ID = 100;
