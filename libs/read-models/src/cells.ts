import { filterOf, isScalar, matches, type Where } from './conditions.ts';
import type { Cell, collectionsOf, PastCount } from './fold.ts';
import type { Documents } from './port.ts';
import type { AnyProjection } from './projector.ts';

type Counted = NonNullable<AnyProjection['counted']>;
type Build = ReturnType<typeof collectionsOf>;

/** More counters than this, and a list is walked past what does not match instead. */
const MANY = 200;

const isAboutValues = (condition: Where[string]): boolean =>
  isScalar(condition) || 'in' in (condition as object);

/** Is a condition on this field answered by the values of a counter? */
const tells = ({ by }: Counted, [field, condition]: [string, Where[string]]): boolean =>
  by.includes(field) && condition !== undefined && isAboutValues(condition);

/** Do the counters tell everything that is asked? */
export const isTold = (counted: Counted, where: Where): boolean =>
  Object.entries(where).every(
    ([field, condition]) =>
      field === counted.scope || condition === undefined || tells(counted, [field, condition]),
  );

/** The counters of a scope whose documents meet all conditions that a counter can tell. */
export const cellsOf = async (
  documents: Documents,
  { cells }: Build,
  counted: Counted,
  where: Where,
): Promise<readonly Cell[]> => {
  const asked = Object.entries(where).filter((entry) => tells(counted, entry));
  const scope = where[counted.scope];
  const found = await documents
    .collection<Cell>(cells)
    .find(filterOf({ scope }) as never)
    .toArray();
  return found.filter(({ values }) => asked.every(([field, condition]) => matches(values[field], condition)));
};

export const totalOf = async (
  documents: Documents,
  build: Build,
  cells: readonly Cell[],
  asOf: number | undefined,
): Promise<number> => {
  if (asOf === undefined) return cells.reduce((sum, { n }) => sum + n, 0);
  const counts = documents.collection<PastCount>(build.counts);
  const then = await Promise.all(
    cells.map(({ _id }) =>
      counts.findOne({ cell: _id, position: { $lte: asOf } } as never, { sort: { position: -1 } }),
    ),
  );
  return then.reduce((sum, count) => sum + (count?.n ?? 0), 0);
};

/**
 * The same question, asked of the counters: whatever is filtered, a page is a merge of a few ranges that are in order
 * already. Undefined: this list is not kept that way, or too many counters match.
 */
export const withinCells = (
  counted: Counted,
  cells: readonly Cell[],
  {
    where,
    sort,
    asOf,
  }: { readonly where: Where; readonly sort: { readonly field: string }; readonly asOf?: number },
): Where | undefined => {
  if (!counted.inOrderOf?.includes(sort.field)) return undefined;
  const others = Object.entries(where).filter((entry) => !tells(counted, entry));
  if (others.length === Object.keys(where).length) return undefined;
  const occupied = asOf === undefined ? cells.filter(({ n }) => n > 0) : cells;
  if (occupied.length > MANY) return undefined;
  const elsewhere = others.some(([field, condition]) => field !== counted.scope && condition !== undefined);
  return {
    ...(elsewhere ? Object.fromEntries(others) : {}),
    _cell: { in: occupied.map(({ _id }) => _id) },
  };
};
