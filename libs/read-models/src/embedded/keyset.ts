import type { Scalar } from '#kernel';
import type { Condition, SortField, Test } from '../subset.ts';
import { conjuncts } from './access.ts';

interface Step {
  /** How many sort fields are pinned before the one that moves on. */
  readonly depth: number;
  /** Where the page begins: the pinned values and the one to go beyond. */
  readonly place: readonly Scalar[];
  /** Descending, null comes after everything else, and `$lt` does not reach it. */
  readonly last: boolean;
  readonly condition: Condition;
}

/**
 * A page after a place is asked for as "first field beyond, or first field equal and second beyond, …". Each of these
 * is one range of the index; the deepest comes first in the order. Any other filter is one branch by itself.
 */
export const keysetBranches = (condition: Condition, sort: readonly SortField[]): readonly Condition[] => {
  const parts = conjuncts(condition);
  for (const part of parts) {
    if (part.kind !== 'any') continue;
    const steps = part.of.map((alternative) => step(alternative, sort));
    if (!areKeyset(steps)) continue;
    const rest = parts.filter((other) => other !== part);
    return steps
      .sort((a, b) => b.depth - a.depth || Number(a.last) - Number(b.last))
      .map((alternative) => ({ kind: 'all', of: [...rest, ...conjuncts(alternative.condition)] }));
  }
  return [condition];
};

const step = (condition: Condition, sort: readonly SortField[]): Step | undefined => {
  const parts = conjuncts(condition);
  const depth = parts.length - 1;
  const field = sort[depth];
  if (!field) return undefined;
  const place: Scalar[] = [];
  for (const [path] of sort.slice(0, depth)) {
    const pin = parts.find((part) => part.kind === 'test' && part.path === path && part.op === 'eq');
    if (pin?.kind !== 'test' || pin.op !== 'eq') return undefined;
    place.push(pin.value);
  }
  const beyond = parts.map((part) => startOf(part, field)).find((start) => start !== undefined);
  return beyond && { depth, place: [...place, beyond.value], last: beyond.last, condition };
};

/** Where a condition on the field that moves on begins. */
const startOf = (
  part: Condition,
  [path, direction]: SortField,
): { readonly value: Scalar; readonly last: boolean } | undefined => {
  if (part.kind === 'not')
    return direction === 1 && isNull(part.of, path) ? { value: null, last: false } : undefined;
  if (part.kind !== 'test' || part.path !== path) return undefined;
  if (part.op === (direction === 1 ? 'gt' : 'lt')) return { value: part.value as Scalar, last: false };
  return direction === -1 && isNull(part, path) ? { value: null, last: true } : undefined;
};

const isNull = (part: Condition, path: string): part is Test =>
  part.kind === 'test' && part.path === path && part.op === 'eq' && part.value === null;

/** Every step once, and all from the same place. */
const areKeyset = (steps: readonly (Step | undefined)[]): steps is Step[] => {
  if (!steps.every((found) => found !== undefined)) return false;
  const deepest = steps.reduce((a, b) => (b.depth > a.depth || a.last ? b : a));
  return (
    new Set(steps.map(({ depth, last }) => `${depth}${last}`)).size === steps.length &&
    steps.every(({ place, depth, last }) =>
      place.every((value, at) => (last && at === depth) || value === deepest.place[at]),
    )
  );
};
