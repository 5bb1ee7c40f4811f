import type { Change, Condition } from '../subset.ts';
import { equalities } from '../subset.ts';
import { matches } from './matching.ts';
import { compareValues, isObject, type Json } from './values.ts';

/**
 * The document after an update; the given one stays as it is.
 * @throws TypeError where MongoDB refuses too: `$inc` on text, `$push` on what is no array, a path through a scalar.
 */
export const updated = (document: Json, changes: readonly Change[], inserting: boolean): Json =>
  changes.reduce<Json>((current, change) => {
    if (change.operator === '$setOnInsert' && !inserting) return current;
    return at(current, change.path.split('.'), 0, change) as Json;
  }, document);

/** The document that an upsert starts from: what its filter says by equality. */
export const upsertBase = (condition: Condition): Json => {
  const found = equalities(condition);
  const fields = [...found].filter(([path]) => path !== '_id');
  const changes = fields.map(([path, value]): Change => ({ operator: '$set', path, value }));
  return updated({ _id: found.get('_id') }, changes, true);
};

const REMOVED = Symbol('removed');

const at = (holder: unknown, segments: readonly string[], depth: number, change: Change): unknown => {
  if (depth === segments.length) return next(holder, change);
  const removes = change.operator === '$unset' || change.operator === '$pull';
  const segment = segments[depth]!;
  if (holder === undefined) {
    if (removes) return REMOVED;
    return { [segment]: at(undefined, segments, depth + 1, change) };
  }
  if (Array.isArray(holder)) return inList(holder, segments, depth, change, removes);
  if (!isObject(holder)) {
    if (change.operator === '$unset') return holder;
    throw new TypeError(`${change.path} leads through a value that is not an object`);
  }
  const present = Object.hasOwn(holder, segment);
  if (!present && removes) return holder;
  const value = at(present ? holder[segment] : undefined, segments, depth + 1, change);
  if (value !== REMOVED) return { ...holder, [segment]: value };
  const { [segment]: _removed, ...rest } = holder;
  return rest;
};

const inList = (
  list: readonly unknown[],
  segments: readonly string[],
  depth: number,
  change: Change,
  removes: boolean,
): unknown => {
  const segment = segments[depth]!;
  if (!/^\d{1,6}$/.test(segment)) {
    if (change.operator === '$unset') return list;
    throw new TypeError(`${change.path} leads into an array without a place in it`);
  }
  const place = Number(segment);
  if (place >= list.length && removes) return list;
  const copy = [...list];
  while (copy.length < place) copy.push(null);
  const value = at(copy[place], segments, depth + 1, change);
  copy[place] = value === REMOVED ? null : value;
  return copy;
};

const next = (old: unknown, change: Change): unknown => {
  const { operator, path, value } = change;
  switch (operator) {
    case '$set':
    case '$setOnInsert':
      return value;
    case '$unset':
      return REMOVED;
    case '$inc':
      if (old !== undefined && typeof old !== 'number') throw new TypeError(`${path} is not a number`);
      return (old ?? 0) + (value as number);
    case '$min':
      return old === undefined || compareValues(value, old) < 0 ? value : old;
    case '$max':
      return old === undefined || compareValues(value, old) > 0 ? value : old;
    case '$push':
      return [...list(path, old), value];
    case '$addToSet':
      return list(path, old).some((element) => same(element, value)) ? old : [...list(path, old), value];
    case '$pull':
      return list(path, old).filter((element) =>
        change.condition ? !isObject(element) || !matches(change.condition, element) : !same(element, value),
      );
  }
};

const list = (path: string, value: unknown): readonly unknown[] => {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new TypeError(`${path} is not an array`);
  return value;
};

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
