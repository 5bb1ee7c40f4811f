import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Actor } from '#kernel';
import { type FieldError, HttpProblem, validationFailed } from './problem.ts';
import { isTimeOrPosition, positionPattern } from './time-or-position.ts';

/** Who calls; whoever authenticates adds what else it knows. */
export interface Principal extends Actor {
  /** True when a cookie proved it: the console, not a program. */
  readonly cookie?: boolean;
  readonly organizationId?: string | null;
}

/** What the conventions of api.md make of headers and query, beside the body. */
export interface Call<P extends Principal = Principal> {
  readonly requestId: string;
  /** Of the socket; forwarding headers are not believed. */
  readonly sourceIp: string;
  /** Without control characters, at most 256 characters; null when there is none. */
  readonly userAgent: string | null;
  readonly source: 'web' | 'api';
  readonly principal?: P;
  readonly idempotencyKey?: string;
  /** The revision that `If-Match` names. */
  readonly ifMatch?: number;
  readonly dryRun: boolean;
  readonly minPosition?: string;
  /** ISO 8601 time or position, as sent. */
  readonly asOf?: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | undefined;
    call: Call | undefined;
    /** True when somebody was let in with the same token before. */
    isKnown: boolean;
    /** Milliseconds before it came in. */
    waited: number;
  }
}

/** A handler's parameter: the request's {@link Call}. */
export const Call = createParamDecorator((_: unknown, context: ExecutionContext): Call => {
  const { call } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!call) throw new Error('the shape guard did not run before this handler');
  return call;
});

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

export const isSafe = ({ method }: { readonly method: string }): boolean => safeMethods.has(method);

/** @throws HttpProblem 400 for a header or a common query field that is not as it should be. */
export const readCall = (request: FastifyRequest): Call => {
  const { headers, principal } = request;
  const query = request.query as Record<string, unknown>;
  const safe = isSafe(request);
  return {
    requestId: request.id,
    sourceIp: request.raw.socket.remoteAddress ?? '',
    userAgent: userAgent(headers['user-agent']),
    source: principal?.cookie ? 'web' : 'api',
    principal,
    idempotencyKey: safe ? undefined : idempotencyKey(headers['idempotency-key']),
    ifMatch: safe ? undefined : ifMatch(headers['if-match']),
    dryRun: !safe && (prefersDryRun(headers.prefer) || dryRun(query.dryRun)),
    minPosition: minPosition(query.minPosition, headers['x-log-position']),
    asOf: safe ? asOf(query.asOf) : undefined,
  };
};

type Header = string | string[] | undefined;

const wrongHeader = (header: string, sentence: string): HttpProblem =>
  new HttpProblem(400, 'header_invalid', `${header} ${sentence}.`);

const wrongQuery = (field: string, message: string): HttpProblem =>
  validationFailed([{ field, code: `${snake(field)}_invalid`, message } satisfies FieldError]);

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const userAgent = (value: Header): string | null =>
  typeof value === 'string' ? value.replaceAll(/\p{Cc}/gu, '').slice(0, 256) || null : null;

const idempotencyKey = (value: Header): string | undefined => {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(value) || value.trim() === '')
    throw wrongHeader('Idempotency-Key', 'must be 1 to 255 printable ASCII characters');
  return value;
};

const ifMatch = (value: Header): number | undefined => {
  if (value === undefined || value === '*') return undefined;
  const revision = typeof value === 'string' ? /^"(\d{1,15})"$/.exec(value)?.[1] : undefined;
  if (revision === undefined)
    throw wrongHeader('If-Match', 'must be one strong entity tag: a revision in double quotes');
  return Number(revision);
};

const prefersDryRun = (value: Header): boolean =>
  value !== undefined &&
  String(value)
    .split(',')
    .some((preference) => preference.trim().toLowerCase() === 'dry-run');

const dryRun = (value: unknown): boolean => {
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw wrongQuery('dryRun', 'must be true or false, once');
};

const minPosition = (fromQuery: unknown, fromHeader: Header): string | undefined => {
  if (fromQuery !== undefined) {
    if (typeof fromQuery === 'string' && positionPattern.test(fromQuery)) return fromQuery;
    throw wrongQuery('minPosition', 'must be a position that an answer gave, once');
  }
  if (fromHeader === undefined) return undefined;
  if (typeof fromHeader === 'string' && positionPattern.test(fromHeader)) return fromHeader;
  throw wrongHeader('X-Log-Position', 'must be a position that an answer gave');
};

const asOf = (value: unknown): string | undefined => {
  if (value === undefined) return undefined;
  if (isTimeOrPosition(value)) return value;
  throw wrongQuery('asOf', 'must be an ISO 8601 time or a position, once');
};
