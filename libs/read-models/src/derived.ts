import { hash } from 'node:crypto';
import type { Event, IndexSpec, Projection, Scalar } from '#kernel';
import type { Where } from './conditions.ts';

// biome-ignore lint/suspicious/noExplicitAny: of every document type.
type AnyProjection = Projection<any, Event>;
type Body = Readonly<Record<string, unknown>>;

/** Fields beside those of the projection, by which its lists are walked in order. */
export interface Derived {
  /** Which counter the document is counted by. */
  readonly _cell?: string;
  /** What the words that are searched begin with, one character and two, each once: most people are found by few of them. */
  readonly _initials?: readonly string[];
}

/** @param cell the document's own, where it is known */
export const derivedOf = (
  projection: AnyProjection,
  body: Body,
  cell = cellOf(projection, body),
): Derived => {
  const { searched } = projection;
  const words = searched && (body[searched.in] as readonly string[]);
  return {
    ...derivedOfPast(projection, body, cell),
    ...(words ? { _initials: [...new Set(words.flatMap(beginningsOf))] } : {}),
  };
};

/** Of a version that is no longer current: who searches an earlier state is answered by the words. */
export const derivedOfPast = (
  projection: AnyProjection,
  body: Body,
  cell = cellOf(projection, body),
): Pick<Derived, '_cell'> => (cell && projection.counted?.inOrderOf ? { _cell: cell._id } : {});

/** The first character of a word, and the first two. */
const beginningsOf = (word: string): readonly string[] => {
  const first = String.fromCodePoint(word.codePointAt(0) ?? 0);
  const second = word.codePointAt(first.length);
  return second === undefined ? [first] : [first, first + String.fromCodePoint(second)];
};

/**
 * A search for words that begin with a text, asked of their first characters: many begin with one or two letters, and
 * come in the order of the list; few begin with a longer text, and are found by their words. Undefined: this list is not
 * kept so.
 */
export const withinInitials = (
  { searched }: AnyProjection,
  { where, sort }: { readonly where: Where; readonly sort: { readonly field: string } },
): Where | undefined => {
  if (!searched?.inOrderOf.includes(sort.field)) return undefined;
  const condition = where[searched.in];
  if (typeof condition !== 'object' || condition === null || !('prefix' in condition)) return undefined;
  if (condition.prefix === '') return undefined;
  const beginning = beginningsOf(condition.prefix).at(-1);
  const further = condition.prefix === beginning ? undefined : condition;
  return { ...where, _initials: beginning, [searched.in]: further };
};

export interface CellOfDocument {
  readonly _id: string;
  readonly scope: string;
  readonly values: Readonly<Record<string, Scalar>>;
}

/** The counter of a document: its scope, and its values in the counted fields. */
export const cellOf = ({ counted }: AnyProjection, body: Body): CellOfDocument | undefined => {
  const scope = counted && body[counted.scope];
  if (!counted || typeof scope !== 'string') return undefined;
  const values: Record<string, Scalar> = {};
  for (const field of counted.by) values[field] = (body[field] ?? null) as Scalar;
  const told = JSON.stringify([scope, ...Object.values(values)]);
  return { _id: counted.inOrderOf ? shortened(told) : told, scope, values };
};

/** Every document and each of its indexes in order holds it: spelled out it was a tenth of the list of people. */
const shortened = (told: string): string => hash('sha256', told, 'base64url').slice(0, 16);

export const indexesOf = (projection: AnyProjection): readonly IndexSpec[] => [
  ...indexesOfPast(projection),
  ...(projection.currentIndexes ?? []),
  ...(projection.searched?.inOrderOf ?? []).map(
    (field): IndexSpec => ({ [String(projection.searched?.scope)]: 1, _initials: 1, [field]: 1 }),
  ),
];

export const indexesOfPast = ({ indexes, counted }: AnyProjection): readonly IndexSpec[] => [
  ...indexes,
  ...(counted?.inOrderOf ?? []).map((field): IndexSpec => ({ _cell: 1, [field]: 1 })),
];
