import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/internal.js';
import type { FastifyRequest } from 'fastify';
import { isSafe, readCall } from './call.ts';
import { type FieldError, HttpProblem, validationFailed } from './problem.ts';
import { mediaTypeOf, ReceivedBody, unsupported } from './received-body.ts';
import { type Class, Shape } from './shape.ts';
import { BadJson, parseJson } from './strict-json.ts';

const consumesKey = 'orgledger:consumes';

/** The route takes this media type as a stream, and nothing else; read it with `@BodyStream()`. */
export const Consumes = (mediaType: string) => SetMetadata(consumesKey, mediaType);

const withoutDryRunKey = 'orgledger:without-dry-run';

/** The route refuses a dry run, and says why: there is nothing that one could tell. */
export const WithoutDryRun = (message: string) => SetMetadata(withoutDryRunKey, message);

export interface RouteShape {
  readonly body: Shape<object> | undefined;
  readonly query: Shape<object> | undefined;
  /** Query fields taken one by one with `@Query('name')`. */
  readonly queryNames: ReadonlySet<string>;
  readonly consumes: string | undefined;
  /** Why it takes no dry run; undefined: it takes one. */
  readonly withoutDryRun: string | undefined;
}

const readFields = new Set(['asOf', 'minPosition']);
const commandFields = new Set(['dryRun']);
const noFields: ReadonlySet<string> = new Set();

/**
 * Judges the shape of a request: headers, query, body. A guard, because guards run one after the other before every
 * pipe: registered after authentication it gives the order that api.md promises (401, then 400, 413 and 415, then
 * the path's 404).
 */
@Injectable()
export class ShapeGuard implements CanActivate {
  readonly #routes = new WeakMap<object, RouteShape>();

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const route = this.#routeOf(context);
    const errors: FieldError[] = [];
    request.call = readCall(request);
    const body = readBody(request, route, errors);
    const query = readQuery(request, route, errors);
    if (errors.length > 0) throw validationFailed(errors);
    if (request.call.dryRun && route.withoutDryRun !== undefined)
      throw validationFailed([
        { field: 'dryRun', code: 'dry_run_not_available', message: route.withoutDryRun },
      ]);
    if (route.consumes === undefined) request.body = body;
    request.query = query;
    return true;
  }

  #routeOf(context: ExecutionContext): RouteShape {
    const handler = context.getHandler();
    let route = this.#routes.get(handler);
    if (!route) {
      route = routeShape(context.getClass(), handler);
      this.#routes.set(handler, route);
    }
    return route;
  }
}

const readBody = (request: FastifyRequest, route: RouteShape, errors: FieldError[]): object | undefined => {
  const received = request.body;
  if (route.consumes !== undefined) {
    // Where the body is empty nothing was received: what that means is for the route to say.
    if (mediaTypeOf(request) === route.consumes) return undefined;
    throw unsupported(route.consumes);
  }
  if (received instanceof ReceivedBody && received.failure) throw received.failure;
  const bytes = received instanceof ReceivedBody ? received.bytes : undefined;
  const value = bytes?.length ? strict(bytes) : {};
  if (route.body) return route.body.read(value, errors);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    errors.push({ field: 'body', code: 'object_expected', message: 'must be an object' });
  else refuseFields(value, noFields, noFields, errors);
  return undefined;
};

const readQuery = (request: FastifyRequest, route: RouteShape, errors: FieldError[]): unknown => {
  const query = request.query as Record<string, unknown>;
  const common = isSafe(request) ? readFields : commandFields;
  if (route.query) {
    const { fields } = route.query;
    const own = Object.fromEntries(
      Object.entries(query).filter(([name]) => fields.has(name) || !common.has(name)),
    );
    return route.query.read(own, errors, 'query');
  }
  refuseFields(query, common, route.queryNames, errors);
  for (const name of route.queryNames)
    if (Array.isArray(query[name]))
      errors.push({ field: name, code: 'repeated_field', message: 'must be given once' });
  return query;
};

const strict = (bytes: Buffer): unknown => {
  try {
    return parseJson(bytes);
  } catch (error) {
    if (!(error instanceof BadJson)) throw error;
    const { code, message, field } = error;
    const errors = field === undefined ? undefined : [{ field: shown(field), code, message }];
    throw new HttpProblem(400, code, message, errors && { errors });
  }
};

/** The name of a field as it may be repeated in an answer. */
const shown = (name: string): string => name.slice(0, 200).toWellFormed();

const refuseFields = (
  given: object,
  common: ReadonlySet<string>,
  allowed: ReadonlySet<string>,
  errors: FieldError[],
): void => {
  for (const name of Object.keys(given).slice(0, 50))
    if (!common.has(name) && !allowed.has(name))
      errors.push({
        field: shown(name),
        code: 'unknown_field',
        message: 'is not a field of this request',
      });
};

/** What a route takes, read from its decorators. */
export const routeShape = (controller: object, handler: { readonly name: string }): RouteShape => {
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handler.name) ?? {}) as Record<
    string,
    { index: number; data?: unknown }
  >;
  const types = (Reflect.getMetadata('design:paramtypes', (controller as Class).prototype, handler.name) ??
    []) as unknown[];
  const taken = (kind: RouteParamtypes) =>
    Object.entries(parameters)
      .filter(([key]) => key.startsWith(`${kind}:`))
      .map(([, { index, data }]) => ({ data, type: types[index] }));
  const whole = (kind: RouteParamtypes): Shape<object> | undefined => {
    const found = taken(kind).find(({ data }) => data === undefined);
    return found && Shape.of(found.type as Class | undefined);
  };
  return {
    body: whole(RouteParamtypes.BODY),
    query: whole(RouteParamtypes.QUERY),
    queryNames: new Set(
      taken(RouteParamtypes.QUERY).flatMap(({ data }) => (typeof data === 'string' ? [data] : [])),
    ),
    consumes: Reflect.getMetadata(consumesKey, handler),
    withoutDryRun: Reflect.getMetadata(withoutDryRunKey, handler),
  };
};
