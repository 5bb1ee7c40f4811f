import type { Scalar } from '#kernel';
import type { Condition, SortField, Test } from '../subset.ts';
import { conjuncts } from './access.ts';

interface Step {
  /** How many sort fields are pinned before the one that moves on. */
  readonly depth: number;
  readonly values: readonly Scalar[];
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
      .sort((a, b) => b.depth - a.depth)
      .map((alternative) => ({ kind: 'all', of: [...rest, ...conjuncts(alternative.condition)] }));
  }
  return [condition];
};

const step = (condition: Condition, sort: readonly SortField[]): Step | undefined => {
  const parts = conjuncts(condition);
  const depth = parts.length - 1;
  if (depth < 0 || depth >= sort.length) return undefined;
  const values: Scalar[] = [];
  for (const [at, [path, direction]] of sort.slice(0, depth + 1).entries()) {
    const op: Test['op'] = at < depth ? 'eq' : direction === 1 ? 'gt' : 'lt';
    const found = parts.find((part) => part.kind === 'test' && part.path === path && part.op === op);
    if (found?.kind !== 'test' || !('value' in found)) return undefined;
    values.push(found.value);
  }
  return { depth, values, condition };
};

/** Every depth once, and all from the same place. */
const areKeyset = (steps: readonly (Step | undefined)[]): steps is Step[] => {
  if (!steps.every((found) => found !== undefined)) return false;
  const deepest = steps.reduce((a, b) => (b.depth > a.depth ? b : a));
  return (
    new Set(steps.map(({ depth }) => depth)).size === steps.length &&
    steps.every(({ values }) => values.every((value, at) => value === deepest.values[at]))
  );
};
