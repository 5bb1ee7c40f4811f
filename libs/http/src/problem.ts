import type { Refusal, RefusalKind } from '#kernel';

export interface FieldError {
  /** Where in the body or query, e.g. `accounts.0.roles`. */
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

/** RFC 9457, with the members that api.md promises. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  /** The path, never the query: that may hold a token. */
  readonly instance: string;
  readonly requestId: string;
  readonly errors?: readonly FieldError[];
  readonly [member: string]: unknown;
}

export interface ProblemOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly errors?: readonly FieldError[];
  readonly members?: Readonly<Record<string, unknown>>;
}

/** An answer other than success, on its way to the one filter that writes it. */
export class HttpProblem extends Error {
  override readonly name: string = 'HttpProblem';
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly errors: readonly FieldError[] | undefined;
  readonly members: Readonly<Record<string, unknown>> | undefined;

  constructor(status: number, code: string, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.headers = options.headers ?? {};
    this.errors = options.errors;
    this.members = options.members;
  }
}

const statuses: Record<RefusalKind, number> = {
  missing: 404,
  conflict: 409,
  invalid: 422,
  forbidden: 403,
  gone: 410,
  precondition: 412,
};

/** A rule's no, as an exception: only at the edge, where Nest knows no other way to answer. */
export class Refused extends HttpProblem {
  override readonly name = 'Refused';
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(statuses[refusal.refused], refusal.code, refusal.detail, { members: refusal.members });
    this.refusal = refusal;
  }
}

export class RateLimited extends HttpProblem {
  override readonly name = 'RateLimited';
  constructor(retryAfterSeconds: number, detail = 'Too many requests; try again later.') {
    const seconds = Math.max(1, Math.ceil(retryAfterSeconds));
    super(429, 'rate_limited', detail, { headers: { 'retry-after': String(seconds) } });
  }
}

export const validationFailed = (errors: readonly FieldError[]): HttpProblem =>
  new HttpProblem(400, 'validation_failed', 'The request is not shaped as it should be.', { errors });

export const unauthenticated = (detail = 'Sign in first.'): HttpProblem =>
  new HttpProblem(401, 'unauthenticated', detail);

export const nothingHere = (): HttpProblem =>
  new HttpProblem(404, 'not_found', 'There is nothing here, or nothing you may see.');

export const bodyIncomplete = (): HttpProblem =>
  new HttpProblem(400, 'body_incomplete', 'The body broke off.');

export const storesUnavailable = (): HttpProblem =>
  new HttpProblem(503, 'stores_unavailable', 'This cannot be answered just now; try again.', {
    headers: { 'retry-after': '1' },
  });

/** The document for a problem, as it is sent. */
export const problemDocument = (
  problem: HttpProblem,
  { url, id }: { readonly url: string; readonly id: string },
): Problem => ({
  ...problem.members,
  type: `urn:orgledger:problem:${problem.code}`,
  title: titleOf(problem.code),
  status: problem.status,
  detail: problem.message,
  code: problem.code,
  instance: pathOf(url),
  requestId: id,
  ...(problem.errors && { errors: problem.errors }),
});

const titleOf = (code: string): string => {
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** The path of a request target; an absolute one loses scheme and host. */
export const pathOf = (url: string): string => {
  const end = url.search(/[?#]/);
  const path = (end < 0 ? url : url.slice(0, end)).replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '');
  return path || '/';
};
