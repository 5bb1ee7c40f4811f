import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Commands, emailUnverified, mustEnrol, type Principal, type Right, refusalBy } from '#commands';
import { nothingHere, Refused } from '#http';
import { forbidden, notFound, type Refusal } from '#kernel';
import { rightOf } from './permissions.ts';

const found = new WeakMap<object, Right>();

/** The right that a route needs. @throws HttpProblem 404: a route that the table does not know is there for nobody. */
export const rightOfRoute = (context: ExecutionContext): Right => {
  const handler = context.getHandler();
  const known = found.get(handler);
  if (known) return known;
  const { method, routeOptions } = context.switchToHttp().getRequest<FastifyRequest>();
  const right = rightOf(method, routeOptions.url ?? '');
  if (!right) throw nothingHere();
  found.set(handler, right);
  return right;
};

/**
 * Refuses what nobody of that role may do, before the handler: deny by default (P10). Whether this very thing may be
 * touched is decided again on its loaded state.
 */
@Injectable()
export class PermissionGuard implements CanActivate {
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const right = rightOfRoute(context);
    if (right.of === 'anybody') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const principal = request.principal as Principal;
    if (principal.mustEnrol && !right.enrolling && right.of !== 'operator') throw new Refused(mustEnrol);
    const refusal = refusalOf(right, principal, request.params as Params);
    if (!refusal) return true;
    if (right.of === 'operator' || request.call?.idempotencyKey === undefined) throw new Refused(refusal);
    return this.#unlessRepeated(request, refusal);
  }

  /**
   * The same key answers the first result for ever (P2), also when the command took the right away that it needed.
   * Every route that is refused by role puts a command, which is told from another one with the same key.
   */
  async #unlessRepeated({ call }: FastifyRequest, refusal: Refusal): Promise<boolean> {
    if (call && (await this.#commands.hasAnswered(call as Parameters<Commands['hasAnswered']>[0])))
      return true;
    throw new Refused(refusal);
  }
}

interface Params {
  readonly organizationId?: string;
  readonly userId?: string;
}

const refusalOf = (right: Right, principal: Principal, params: Params): Refusal | undefined => {
  if (right.of === 'operator') return principal.type === 'operator' ? undefined : notFound;
  if (principal.type === 'operator') return notFound;
  if (right.of === 'account') return undefined;
  if (right.of === 'organization') return refusalIn(right, principal, params);
  if (principal.userId === null) return forbidden;
  return right.unverified || principal.emailVerified ? undefined : emailUnverified;
};

const refusalIn = (
  right: Right,
  principal: Principal,
  { organizationId = '', userId }: Params,
): Refusal | undefined =>
  right.oneself && userId !== undefined && userId === principal.userId
    ? principal.organizationId === organizationId
      ? undefined
      : notFound
    : refusalBy(right, principal, organizationId);
