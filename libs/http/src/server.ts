import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { CanActivate } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AdmissionLimits, admissionLimits, admit } from './admission.ts';
import { ConventionalAdapter } from './answer.ts';
import { type ConnectionShares, connectionShares, shareConnections } from './connection-shares.ts';
import { KnownPaths } from './known-paths.ts';
import { type ErrorLog, ProblemFilter, send } from './problem.filter.ts';
import { HttpProblem, nothingHere } from './problem.ts';
import { bodyLimit, collectBodies } from './received-body.ts';
import { ShapeGuard } from './shape.guard.ts';
import { writtenOut } from './written-out.ts';

export interface AnsweredRequest {
  readonly method: string;
  /** The route's pattern; `unmatched` for a path that nothing answers, `refused` where there was no place. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

export interface RequestLog extends ErrorLog {
  info(fields: object, message: string): void;
}

export interface HttpOptions {
  readonly log: RequestLog;
  /** Called after each answer, for metrics. */
  readonly answered?: (request: AnsweredRequest) => void;
  /** True when callers reach the service by https: they are then told to stay there. */
  readonly https?: boolean;
  readonly admission?: AdmissionLimits;
  readonly connections?: ConnectionShares;
  /** Whoever shows it finds a place, however many others ask. */
  readonly operatorToken?: string;
}

const processId = randomBytes(8).toString('hex');
let requests = 0;

/** Unique, not secret: one random part for the process, then a count. */
const nextRequestId = (): string => `req_${processId}${(++requests).toString(16).padStart(16, '0')}`;

/** Pass these to `NestFactory.create`, beside the adapter. */
export const nestOptions = { bodyParser: false, abortOnError: false } as const;

/** Fastify answers 415 to anything else by itself, before anybody is asked who calls. */
const mediaTypePattern = /^\s*[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;|$)/;

const knownPaths = new WeakMap<ConventionalAdapter, KnownPaths>();

/** Nest's adapter with the limits of P18 and the conventions of api.md; the application adds routes and guards. */
export const createAdapter = ({
  log,
  answered,
  https = false,
  admission = admissionLimits,
  connections = connectionShares,
  operatorToken,
}: HttpOptions): ConventionalAdapter => {
  const adapter = new ConventionalAdapter({
    requestTimeout: 10_000,
    connectionTimeout: 75_000,
    keepAliveTimeout: 65_000,
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16 * 1_024 },
    bodyLimit,
    routerOptions: { maxParamLength: 256 },
    return503OnClosing: false,
    forceCloseConnections: false,
    requestIdHeader: false,
    genReqId: nextRequestId,
    trustProxy: false,
    exposeHeadRoutes: true,
    skipMiddie: true,
    multipart: false,
    frameworkErrors: (error: { readonly code: string }, request: FastifyRequest, reply: FastifyReply) => {
      reply.headers(securityHeaders(https));
      send(
        error.code === 'FST_ERR_BAD_URL'
          ? new HttpProblem(400, 'malformed_url', 'The path is not well-formed.')
          : nothingHere(),
        request,
        reply,
      );
    },
    clientErrorHandler: answerUnparsed,
  });
  const fastify = adapter.getInstance();
  fastify.server.maxConnections = 2_000;
  fastify.server.on('checkExpectation', (_request, { socket }) =>
    socket?.end(writtenOut(unmet, nextRequestId())),
  );
  shareConnections(fastify.server, connections, nextRequestId);
  fastify.decorateRequest('principal', undefined);
  fastify.decorateRequest('call', undefined);
  fastify.decorateRequest('isKnown', false);
  fastify.decorateRequest('waited', 0);
  collectBodies(fastify);
  knownPaths.set(adapter, new KnownPaths(fastify));

  const headers = securityHeaders(https);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers);
    const type = request.headers['content-type'];
    if (type !== undefined && !mediaTypePattern.test(type))
      request.raw.headers['content-type'] = 'application/octet-stream';
    done();
  });
  admit(fastify, admission, {
    headers,
    nextId: nextRequestId,
    operatorToken,
    refused: (method) => answered?.({ method, route: 'refused', status: 503, seconds: 0 }),
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    const route = (!request.is404 && request.routeOptions.url) || 'unmatched';
    const status = reply.statusCode;
    const milliseconds = reply.elapsedTime + request.waited;
    answered?.({ method, route, status, seconds: milliseconds / 1_000 });
    log.info(
      { method, route, status, ms: Math.round(milliseconds * 100) / 100, requestId: request.id },
      'answered',
    );
    done();
  });
  return adapter;
};

/**
 * The filter, and the guard that judges shapes between those that authenticate and those that know rights: 401, then
 * 400, then 404 and 403. A global guard of a module (APP_GUARD) would run after all of them.
 */
export const useConventions = (
  app: NestFastifyApplication,
  { log }: Pick<HttpOptions, 'log'>,
  {
    who = [],
    may = [],
  }: { readonly who?: readonly CanActivate[]; readonly may?: readonly CanActivate[] } = {},
): void => {
  app.useGlobalFilters(new ProblemFilter(log, pathsOf(app)));
  app.useGlobalGuards(...who, new ShapeGuard(), ...may);
};

/** Every route of an application that is initialized. */
export const routesOf = (app: NestFastifyApplication): readonly { method: string; path: string }[] =>
  pathsOf(app).routes();

const pathsOf = (app: NestFastifyApplication): KnownPaths => {
  const paths = knownPaths.get(app.getHttpAdapter() as unknown as ConventionalAdapter);
  if (!paths) throw new Error('the application does not run on createAdapter()');
  return paths;
};

/** Pages (console, docs) replace the content policy; everything else is data and may load nothing. */
export const securityHeaders = (https: boolean): Readonly<Record<string, string>> => ({
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  ...(https && { 'strict-transport-security': 'max-age=31536000' }),
});

const unmet = new HttpProblem(417, 'expectation_failed', 'What the request expects cannot be done.');

/** What Node could not read as HTTP at all, or not in time. */
const answerUnparsed = (error: Error & { code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, code]: [number, string] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? [408, 'request_timeout']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? [431, 'headers_too_large']
        : [400, 'malformed_request'];
  socket.end(writtenOut(new HttpProblem(status, code, 'The request could not be read.'), nextRequestId()));
};
