import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { KnownPaths } from './known-paths.ts';
import {
  bodyIncomplete,
  HttpProblem,
  nothingHere,
  problemDocument,
  storesUnavailable,
  unauthenticated,
} from './problem.ts';

/** The part of a logger that is needed here. */
export interface ErrorLog {
  error(fields: object, message: string): void;
}

const outages = new Set([
  'StoreUnavailable',
  'StorageFailure',
  'StreamUnreadable',
  'ReadModelBehind',
  'SignInBusy',
]);

/** The one place that answers anything but success: RFC 9457, and nothing of the inside (P15). */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #log: ErrorLog;
  readonly #paths: KnownPaths;
  constructor(log: ErrorLog, paths: KnownPaths) {
    this.#log = log;
    this.#paths = paths;
  }

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (reply.raw.headersSent || reply.sent) {
      this.#report(exception, request);
      reply.raw.destroy();
      return;
    }
    if (request.is404 && this.#answerKnownPath(request, reply)) return;
    send(this.#problemOf(exception, request), request, reply);
  }

  #answerKnownPath(request: FastifyRequest, reply: FastifyReply): boolean {
    const methods = this.#paths.methodsOf(request.url);
    if (methods.length === 0) return false;
    const allow = [...methods, 'OPTIONS'].join(', ');
    if (request.method === 'OPTIONS') void reply.code(204).header('allow', allow).send();
    else
      send(
        new HttpProblem(405, 'method_not_allowed', 'This path does not answer this method.', {
          headers: { allow },
        }),
        request,
        reply,
      );
    return true;
  }

  #problemOf(exception: unknown, request: FastifyRequest): HttpProblem {
    if (exception instanceof HttpProblem) return exception;
    if (exception instanceof HttpException && exception.getStatus() !== 500) return fromNest(exception);
    if (exception instanceof Error && outages.has(exception.name)) return storesUnavailable();
    this.#report(exception, request);
    return new HttpProblem(500, 'internal_error', 'Something went wrong here; the request id finds it.');
  }

  #report(exception: unknown, request: FastifyRequest): void {
    const err = exception instanceof Error ? exception : new Error(String(exception));
    this.#log.error(
      { err, requestId: request.id, method: request.method, route: request.routeOptions?.url },
      'request failed',
    );
  }
}

/** Writes a problem on any reply, also where Nest is not asked. */
export const send = (problem: HttpProblem, request: FastifyRequest, reply: FastifyReply): void => {
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
  void reply
    .code(problem.status)
    .headers(problem.headers)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .header('x-request-id', request.id)
    .serializer(JSON.stringify)
    .send(problemDocument(problem, request));
};

/** Nest's own exceptions and Fastify's errors, which it wraps; only the status of them is believed. */
const fromNest = (exception: HttpException): HttpProblem => {
  const status = exception.getStatus();
  switch (status) {
    case 400:
      return exception.cause instanceof Error
        ? bodyIncomplete()
        : new HttpProblem(400, 'bad_request', 'The request is malformed.');
    case 401:
      return unauthenticated();
    case 403:
      return new HttpProblem(403, 'forbidden', 'Your role does not allow this.');
    case 404:
    case 414:
      return nothingHere();
    case 413:
      return new HttpProblem(413, 'body_too_large', 'The body is larger than allowed.');
    case 415:
      return new HttpProblem(415, 'unsupported_media_type', 'Send application/json in UTF-8.');
    case 429:
      return new HttpProblem(429, 'rate_limited', 'Too many requests; try again later.', {
        headers: { 'retry-after': '1' },
      });
    case 503:
      return storesUnavailable();
    default:
      return status < 500
        ? new HttpProblem(status, 'bad_request', 'The request cannot be answered.')
        : new HttpProblem(500, 'internal_error', 'Something went wrong here; the request id finds it.');
  }
};
