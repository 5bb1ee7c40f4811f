import type { Scalar } from '#kernel';
import { startsWith } from './subset.ts';

/** Equality, a list of alternatives, anything but one value, a range, or a prefix in an array of words. */
export type Condition =
  | Scalar
  | { readonly in: readonly Scalar[] }
  | { readonly not: Scalar }
  | { readonly from?: string | number; readonly to?: string | number }
  | { readonly upTo: string | number }
  | { readonly after: string | number }
  | { readonly prefix: string };

/** Conditions by field; undefined ones do not count. */
export type Where = Readonly<Record<string, Condition | undefined>>;

export const isScalar = (condition: unknown): condition is Scalar =>
  typeof condition !== 'object' || condition === null;

export const matches = (value: Scalar | undefined, condition: Condition | undefined): boolean => {
  if (condition === undefined) return true;
  if (isScalar(condition)) return value === condition;
  return 'in' in condition && condition.in.includes(value ?? null);
};

export const filterOf = (where: Where, asOf?: number): Record<string, unknown> => {
  const filter: Record<string, unknown> = {};
  for (const [field, condition] of Object.entries(where))
    if (condition !== undefined) filter[field] = isScalar(condition) ? condition : operatorsOf(condition);
  if (asOf !== undefined) filter._from = { $lte: asOf };
  return filter;
};

const operatorsOf = (condition: Exclude<Condition, Scalar>): object => {
  if ('in' in condition) return { $in: condition.in };
  if ('not' in condition) return { $ne: condition.not };
  if ('after' in condition) return { $gt: condition.after };
  if ('upTo' in condition) return { $lte: condition.upTo };
  if ('prefix' in condition) return { $regex: startsWith(condition.prefix) };
  return {
    ...(condition.from === undefined ? {} : { $gte: condition.from }),
    ...(condition.to === undefined ? {} : { $lt: condition.to }),
  };
};

/** Where the page after this place begins. */
export const beyond = (
  field: string,
  id: string,
  direction: 1 | -1,
  [value, last]: readonly [Scalar, string],
): object[] => {
  const operator = direction === 1 ? '$gt' : '$lt';
  const tie = { [field]: value, [id]: { [operator]: last } };
  // Null comes first upwards and last downwards; a comparison never matches it.
  if (value === null) return direction === 1 ? [{ [field]: { $ne: null } }, tie] : [tie];
  const further = { [field]: { [operator]: value } };
  return direction === 1 ? [further, tie] : [further, tie, { [field]: null }];
};
