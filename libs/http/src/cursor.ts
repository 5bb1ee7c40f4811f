import { createHash } from 'node:crypto';
import { HttpProblem } from './problem.ts';

export type KeysetValue = string | number | boolean | null;

/** The sort value of the last item of a page, and its id. */
export type Keyset = readonly [KeysetValue, string];

/** Everything that decides the order and the membership of a list, except `limit` and `cursor`. */
export type ListScope = Readonly<Record<string, unknown>>;

const fingerprint = (scope: ListScope): string =>
  createHash('sha256')
    .update(
      JSON.stringify(
        Object.entries(scope)
          .filter(([, value]) => value !== undefined)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    )
    .digest('base64url')
    .slice(0, 16);

/** Opaque to callers: the last item's place, bound to the list it came from. Not secret, not signed. */
export const encodeCursor = (keyset: Keyset, scope: ListScope): string =>
  Buffer.from(JSON.stringify([fingerprint(scope), ...keyset])).toString('base64url');

/**
 * The place, or undefined without a cursor.
 * @throws HttpProblem 400 `cursor_invalid` for one that was changed, or that belongs to another filter or sort.
 */
export const decodeCursor = (cursor: string | undefined, scope: ListScope): Keyset | undefined => {
  if (cursor === undefined) return undefined;
  const [bound, ...keyset] = parsed(cursor);
  if (bound !== fingerprint(scope) || !isKeyset(keyset))
    throw new HttpProblem(400, 'cursor_invalid', 'This cursor does not belong to this list.');
  return keyset;
};

const parsed = (cursor: string): readonly unknown[] => {
  if (!/^[\w-]{1,4096}$/.test(cursor)) return [];
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
};

const isKeyset = (keyset: readonly unknown[]): keyset is Keyset =>
  keyset.length === 2 && keyset.every(isKeysetValue) && typeof keyset[1] === 'string';

const isKeysetValue = (value: unknown): value is KeysetValue =>
  value === null ||
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isFinite(value)) ||
  (typeof value === 'string' && value.isWellFormed());
