import { createHash } from 'node:crypto';
import { HttpProblem } from './problem.ts';

export type KeysetValue = string | number | boolean | null;

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

/** Opaque to callers: the sort values of the last item, bound to the list it came from. Not secret, not signed. */
export const encodeCursor = (keyset: readonly KeysetValue[], scope: ListScope): string =>
  Buffer.from(JSON.stringify([fingerprint(scope), ...keyset])).toString('base64url');

/**
 * The keyset values, or undefined without a cursor.
 * @throws HttpProblem 400 `cursor_invalid` for one that was changed, or that belongs to another filter or sort.
 */
export const decodeCursor = (cursor: string | undefined, scope: ListScope): KeysetValue[] | undefined => {
  if (cursor === undefined) return undefined;
  const [bound, ...keyset] = parsed(cursor);
  if (bound !== fingerprint(scope) || !keyset.every(isKeysetValue))
    throw new HttpProblem(400, 'cursor_invalid', 'This cursor does not belong to this list.');
  return keyset as KeysetValue[];
};

const parsed = (cursor: string): readonly unknown[] => {
  if (!/^[\w-]{1,4096}$/.test(cursor)) return [];
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(value) && value.length <= 8 ? value : [];
  } catch {
    return [];
  }
};

const isKeysetValue = (value: unknown): value is KeysetValue =>
  value === null ||
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isFinite(value)) ||
  (typeof value === 'string' && value.isWellFormed());
