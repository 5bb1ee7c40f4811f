import { UnsupportedQuery } from '../port.ts';

/** What an index column holds. */
export type Encoded = string | number | Uint8Array;

export type Json = Readonly<Record<string, unknown>>;

/**
 * Index columns have no type of their own and SQLite orders numbers < text < blobs. With null and missing as minus
 * infinity, and what is not scalar and booleans as blobs, that is MongoDB's order: null, numbers, strings, objects
 * and arrays, booleans. Numbers are stored as the doubles they are.
 */
export const NULL = Number.NEGATIVE_INFINITY;
export const FALSE = Uint8Array.of(0xfe);
export const TRUE = Uint8Array.of(0xff);
const OBJECT = Uint8Array.of(0x7b);
const LIST = Uint8Array.of(0x5b);

/** First byte of an encoded list: its JSON text follows from there. */
export const isList = (encoded: unknown): encoded is Uint8Array =>
  encoded instanceof Uint8Array && encoded[0] === LIST[0];

export const encode = (value: unknown): Encoded => {
  switch (typeof value) {
    case 'string':
    case 'number':
      return value;
    case 'boolean':
      return value ? TRUE : FALSE;
    case 'undefined':
    case 'function':
      return NULL;
    case 'object':
      if (value === null) return NULL;
      if (Array.isArray(value)) return Buffer.from(JSON.stringify(value));
      if (typeof (value as { toJSON?: unknown }).toJSON !== 'function') return OBJECT;
  }
  throw new UnsupportedQuery(`a document holds ${typeof value === 'object' ? 'an instance' : typeof value}`);
};

/** The encoded value at a path; a list when the path meets an array anywhere. */
export const encodeAt = (document: Json, segments: readonly string[]): Encoded => {
  if (segments.length === 1) return encode(document[segments[0]!]);
  let value: unknown = document;
  for (const segment of segments) {
    if (Array.isArray(value)) return encode(valuesAt(document, segments).values.flat());
    if (typeof value !== 'object' || value === null) return NULL;
    value = (value as Json)[segment];
  }
  return encode(value);
};

/** Each element once. An empty list has one element, null, so that every document has an entry. */
export const encodedElements = (list: Uint8Array): Encoded[] => {
  const elements = JSON.parse(Buffer.from(list).toString()) as unknown[];
  if (elements.length === 0) return [NULL];
  return [...new Set(elements.map((element) => (Array.isArray(element) ? LIST : encode(element))))];
};

export const sameEncoded = (a: Encoded | undefined, b: Encoded | undefined): boolean =>
  a === b || (a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0);

/** Values found at a path; arrays of objects are looked into. `missing`: some place had nothing there. */
export const valuesAt = (
  document: Json,
  segments: readonly string[],
): { readonly values: readonly unknown[]; readonly missing: boolean } => {
  const values: unknown[] = [];
  let missing = false;
  const visit = (place: unknown, depth: number): void => {
    if (depth === segments.length) {
      values.push(place);
    } else if (Array.isArray(place)) {
      const segment = segments[depth]!;
      if (/^\d+$/.test(segment) && Number(segment) < place.length) visit(place[Number(segment)], depth + 1);
      for (const element of place) if (isObject(element)) visit(element, depth);
    } else if (isObject(place) && Object.hasOwn(place, segments[depth]!)) {
      const value = place[segments[depth]!];
      if (value === undefined) missing = true;
      else visit(value, depth + 1);
    } else missing = true;
  };
  visit(document, 0);
  return { values, missing };
};

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** MongoDB's order over types and values; text by code point, which is the order of its UTF-8 bytes. */
export const compareValues = (a: unknown, b: unknown): number => {
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0) return rank;
  if (typeof a === 'string') return compareText(a, b as string);
  if (typeof a === 'number' || typeof a === 'boolean') return Number(a) - Number(b);
  if (a === null || a === undefined) return 0;
  return compareText(JSON.stringify(a), JSON.stringify(b));
};

const rankOf = (value: unknown): number => {
  switch (typeof value) {
    case 'number':
      return 1;
    case 'string':
      return 2;
    case 'boolean':
      return 5;
    case 'object':
      if (value !== null) return Array.isArray(value) ? 4 : 3;
  }
  return 0;
};

export const compareText = (a: string, b: string): number => {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    if (x !== y) return byCodePoint(x) - byCodePoint(y);
  }
  return a.length - b.length;
};

/** Surrogates stand for code points above every other unit. */
const byCodePoint = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** The smallest text above every text with this prefix; undefined when there is none. */
export const afterPrefix = (prefix: string): string | undefined => {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!);
  while (points.length > 0) {
    const last = points.pop()!;
    if (last < 0x10ffff) return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
  }
  return undefined;
};
