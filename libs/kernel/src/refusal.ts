export type RefusalKind = 'missing' | 'conflict' | 'invalid' | 'forbidden' | 'gone' | 'precondition';

/** A rule said no. A value, never an exception: exceptions are bugs and outages. */
export interface Refusal {
  readonly refused: RefusalKind;
  /** Stable snake_case code (api.md, "Codes that callers rely on"). */
  readonly code: string;
  /** One sentence for a person. */
  readonly detail: string;
  /** Further members of the problem document, e.g. `{ required: […] }`. */
  readonly members?: Readonly<Record<string, unknown>>;
}

export const refuse = (
  refused: RefusalKind,
  code: string,
  detail: string,
  members?: Readonly<Record<string, unknown>>,
): Refusal => (members ? { refused, code, detail, members } : { refused, code, detail });

export const isRefusal = (value: unknown): value is Refusal =>
  typeof value === 'object' && value !== null && 'refused' in value && 'code' in value;

/** What is not there and what the caller may not see answer alike. */
export const notFound: Refusal = refuse(
  'missing',
  'not_found',
  'There is nothing here, or nothing you may see.',
);

export const forbidden: Refusal = refuse('forbidden', 'forbidden', 'Your role does not allow this.');
