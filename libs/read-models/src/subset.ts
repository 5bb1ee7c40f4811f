import type { Scalar } from '#kernel';
import { UnsupportedQuery } from './port.ts';

/** One question about one field. */
export type Test = { readonly kind: 'test'; readonly path: string } & (
  | { readonly op: 'eq' | 'gt' | 'gte' | 'lt' | 'lte'; readonly value: Scalar }
  | { readonly op: 'in'; readonly values: readonly Scalar[] }
  | { readonly op: 'exists'; readonly value: boolean }
  | { readonly op: 'prefix'; readonly value: string }
);

/** A filter, checked and reduced to six tests and three connectives. */
export type Condition =
  | Test
  | { readonly kind: 'all'; readonly of: readonly Condition[] }
  | { readonly kind: 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition };

export type SortField = readonly [path: string, direction: 1 | -1];

export type UpdateOperator =
  | '$set'
  | '$unset'
  | '$inc'
  | '$min'
  | '$max'
  | '$setOnInsert'
  | '$push'
  | '$addToSet'
  | '$pull';

export interface Change {
  readonly operator: UpdateOperator;
  readonly path: string;
  readonly value: unknown;
  /** For `$pull` with an object: which elements go. */
  readonly condition?: Condition;
}

type Fields = Readonly<Record<string, unknown>>;

const OPERATORS: ReadonlySet<string> = new Set([
  '$set',
  '$unset',
  '$inc',
  '$min',
  '$max',
  '$setOnInsert',
  '$push',
  '$addToSet',
  '$pull',
]);

/** @throws UnsupportedQuery for everything outside the subset the port names. */
export const parseFilter = (filter: object): Condition => {
  if (!isPlain(filter)) throw new UnsupportedQuery('a filter is a plain object');
  const all = Object.entries(filter).flatMap(([key, value]) => {
    if (key === '$and' || key === '$or') return [connective(key, value)];
    return field(checkedPath(key), value);
  });
  return all.length === 1 ? all[0]! : { kind: 'all', of: all };
};

const connective = (key: '$and' | '$or', value: unknown): Condition => {
  if (!Array.isArray(value) || value.length === 0)
    throw new UnsupportedQuery(`${key} takes a list of filters that is not empty`);
  return { kind: key === '$and' ? 'all' : 'any', of: value.map(parseFilter) };
};

const field = (path: string, value: unknown): Condition[] => {
  if (value instanceof RegExp) return [prefixTest(path, value)];
  if (!isPlain(value)) return [{ kind: 'test', path, op: 'eq', value: scalar(path, value) }];
  const operators = Object.entries(value);
  if (operators.length === 0)
    throw new UnsupportedQuery(`${path} is compared with an object; compare its fields`);
  return operators.map(([operator, operand]) => operation(path, operator, operand));
};

const operation = (path: string, operator: string, operand: unknown): Condition => {
  switch (operator) {
    case '$eq':
      return { kind: 'test', path, op: 'eq', value: scalar(path, operand) };
    case '$ne':
      return not({ kind: 'test', path, op: 'eq', value: scalar(path, operand) });
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return comparison(path, operator, scalar(path, operand));
    case '$in':
      return { kind: 'test', path, op: 'in', values: scalars(path, operator, operand) };
    case '$nin':
      return not({ kind: 'test', path, op: 'in', values: scalars(path, operator, operand) });
    case '$exists':
      if (typeof operand !== 'boolean') throw new UnsupportedQuery(`$exists on ${path} takes true or false`);
      return { kind: 'test', path, op: 'exists', value: operand };
    case '$regex':
      return prefixTest(path, operand);
    case '$not':
      if (!isPlain(operand) && !(operand instanceof RegExp))
        throw new UnsupportedQuery(`$not on ${path} takes operators`);
      return not({ kind: 'all', of: field(path, operand) });
    default:
      throw new UnsupportedQuery(`${operator} on ${path} is not supported`);
  }
};

const not = (of: Condition): Condition => ({ kind: 'not', of });

/** Nothing is greater or less than null: MongoDB compares within one type. */
const comparison = (path: string, operator: '$gt' | '$gte' | '$lt' | '$lte', value: Scalar): Condition => {
  if (value !== null)
    return { kind: 'test', path, op: operator.slice(1) as 'gt' | 'gte' | 'lt' | 'lte', value };
  return operator.endsWith('e')
    ? { kind: 'test', path, op: 'eq', value }
    : { kind: 'test', path, op: 'in', values: [] };
};

const prefixTest = (path: string, expression: unknown): Test => {
  const flags = expression instanceof RegExp ? expression.flags : '';
  const source = expression instanceof RegExp ? expression.source : expression;
  const value = typeof source === 'string' && flags === '' ? literalPrefix(source) : undefined;
  if (value === undefined)
    throw new UnsupportedQuery(`$regex on ${path} takes ^ and literal text without flags`);
  return { kind: 'test', path, op: 'prefix', value };
};

/** The text after `^`, or undefined when the expression is more than literal text. */
const literalPrefix = (source: string): string | undefined => {
  const literal = /^\^((?:[^\\^$.*+?()[\]{}|]|\\[^\p{L}\p{N}])*)$/su.exec(source)?.[1];
  return literal?.isWellFormed() ? literal.replace(/\\(.)/gsu, '$1') : undefined;
};

/** Regular expression source of the subset for "begins with this text". */
export const startsWith = (text: string): string => `^${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`;

const scalar = (path: string, value: unknown): Scalar => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new UnsupportedQuery(`${path} is compared with ${describe(value)}`);
};

const scalars = (path: string, operator: string, values: unknown): Scalar[] => {
  if (!Array.isArray(values)) throw new UnsupportedQuery(`${operator} on ${path} takes a list`);
  return values.map((value) => scalar(path, value));
};

/** @throws UnsupportedQuery */
export const parseSort = (sort: unknown): SortField[] => {
  if (sort === undefined) return [];
  const fields = Array.isArray(sort) ? sort : isPlain(sort) ? Object.entries(sort) : [undefined];
  return fields.map((entry) => {
    const [path, direction] = Array.isArray(entry) ? entry : [];
    if (typeof path !== 'string' || (direction !== 1 && direction !== -1))
      throw new UnsupportedQuery('a sort is a list of fields with direction 1 or -1');
    return [checkedPath(path), direction];
  });
};

/** @throws UnsupportedQuery */
export const checkedCount = (name: string, count: number | undefined): number => {
  if (count === undefined) return 0;
  if (!Number.isSafeInteger(count) || count < 0)
    throw new UnsupportedQuery(`${name} takes a whole number, not ${count}`);
  return count;
};

/** @throws UnsupportedQuery */
export const checkedOptions = (options: object | undefined, known: readonly string[]): void => {
  for (const name in options)
    if (!known.includes(name)) throw new UnsupportedQuery(`the option ${name} is not supported`);
};

/** @throws UnsupportedQuery */
export const parseUpdate = (update: object): Change[] => {
  if (!isPlain(update) || Object.keys(update).length === 0)
    throw new UnsupportedQuery('an update is an object of operators');
  const changes = Object.entries(update).flatMap(([operator, fields]) => {
    if (!OPERATORS.has(operator)) throw new UnsupportedQuery(`the update ${operator} is not supported`);
    if (!isPlain(fields)) throw new UnsupportedQuery(`${operator} takes an object of fields`);
    return Object.entries(fields).map(([path, value]) => change(operator as UpdateOperator, path, value));
  });
  const paths = changes.map(({ path }) => path).sort();
  for (const [at, path] of paths.entries())
    if (paths.some((other, place) => place !== at && `${other}.`.startsWith(`${path}.`)))
      throw new UnsupportedQuery(`the update changes ${path} twice`);
  return changes;
};

const change = (operator: UpdateOperator, path: string, value: unknown): Change => {
  checkedPath(path);
  if (path === '_id' || path.startsWith('_id.')) throw new UnsupportedQuery('an _id never changes');
  if (operator === '$inc' && !Number.isFinite(value))
    throw new UnsupportedQuery(`$inc on ${path} takes a number`);
  if (operator === '$pull' && isPlain(value)) {
    if (Object.keys(value).some((key) => key.startsWith('$')))
      throw new UnsupportedQuery(`$pull on ${path} takes a value or the fields of an element`);
    return { operator, path, value, condition: parseFilter(value) };
  }
  if (operator !== '$unset') refuseOperators(path, value);
  return { operator, path, value };
};

const refuseOperators = (path: string, value: unknown): void => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (!Array.isArray(value) && !isPlain(value))
    throw new UnsupportedQuery(`${path} is set to ${describe(value)}`);
  for (const [key, inner] of Object.entries(value)) {
    if (key.startsWith('$')) throw new UnsupportedQuery(`${key} inside the value of ${path}`);
    if (inner !== undefined) refuseOperators(path, inner);
  }
};

/** @throws UnsupportedQuery unless the document has a string `_id`. */
export const checkedId = (id: unknown): string => {
  if (typeof id !== 'string' || id === '')
    throw new UnsupportedQuery(`an _id is a string, not ${describe(id)}`);
  return id;
};

/** @throws UnsupportedQuery when what should be a document is an update, or changes the `_id`. */
export const checkedReplacement = (document: Fields, id: string | undefined): void => {
  for (const key in document) if (key.startsWith('$')) throw new UnsupportedQuery(`${key} in a replacement`);
  if (id !== undefined && document._id !== undefined && document._id !== id)
    throw new UnsupportedQuery('an _id never changes');
};

/** What a filter says a document is: the fields of an upsert. */
export const equalities = (condition: Condition): ReadonlyMap<string, Scalar> => {
  const found = new Map<string, Scalar>();
  const visit = (part: Condition): void => {
    if (part.kind === 'all') for (const inner of part.of) visit(inner);
    else if (part.kind === 'test' && part.op === 'eq') found.set(part.path, part.value);
  };
  visit(condition);
  return found;
};

const checkedPath = (path: string): string => {
  const segments = path.split('.');
  if (segments.some((segment) => segment === '' || segment.startsWith('$') || segment === '__proto__'))
    throw new UnsupportedQuery(`${path} is not a field`);
  return path;
};

const isPlain = (value: unknown): value is Fields => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
};

const describe = (value: unknown): string =>
  value === undefined ? 'undefined' : (JSON.stringify(value) ?? typeof value).slice(0, 80);
