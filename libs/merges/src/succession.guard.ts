import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Execution, type Principal } from '#commands';
import { isSafe, Refused } from '#http';
import { organization, organizationAbsorbed, refusalWhileEnding } from '#organizations';

/** Merges of merges; a chain that is longer than that is none. */
const GENERATIONS = 64;
const ABOUT_ORGANIZATIONS = /^\/v1\/(?:organizations|accounts)\//;

/**
 * MRG-04: who belongs to the successor is told where an absorbed organization went, and reads its history with the
 * rights that they have in the successor. While an organization is absorbed, its people change nothing.
 */
@Injectable()
export class SuccessionGuard implements CanActivate {
  readonly #execution: Execution;

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const principal = request.principal as Principal | undefined;
    const path = request.routeOptions.url ?? '';
    return !principal?.organizationId || principal.mustEnrol || !ABOUT_ORGANIZATIONS.test(path)
      ? true
      : this.#judge(request, principal, principal.organizationId, path);
  }

  async #judge(request: FastifyRequest, principal: Principal, home: string, path: string): Promise<boolean> {
    const { organizationId } = request.params as { organizationId?: string };
    if (organizationId !== undefined && organizationId !== home)
      await this.#follow(request, principal, organizationId, path);
    else if (!isSafe(request)) await this.#mustBeOpen(home);
    return true;
  }

  async #follow(
    request: FastifyRequest,
    principal: Principal,
    organizationId: string,
    path: string,
  ): Promise<void> {
    const successorId = await this.#successorOf(organizationId);
    if (successorId !== principal.organizationId) return;
    if (!isSafe(request) || !path.includes('/audit')) throw new Refused(organizationAbsorbed(successorId));
    const reader: Principal = { ...principal, organizationId };
    request.principal = reader;
    if (request.call) request.call = { ...request.call, principal: reader };
  }

  /** The organization that is left of an absorbed one; undefined for one that was not absorbed. */
  async #successorOf(organizationId: string): Promise<string | undefined> {
    let successorId: string | undefined;
    for (let id = organizationId, n = 0; n < GENERATIONS; n += 1) {
      const { state } = await this.#execution.load(organization, id);
      if (state.status !== 'absorbed') return successorId;
      successorId = state.successorId;
      id = successorId;
    }
    return undefined;
  }

  async #mustBeOpen(organizationId: string): Promise<void> {
    const { state } = await this.#execution.load(organization, organizationId);
    const ending = refusalWhileEnding(state);
    if (ending) throw new Refused(ending);
  }
}
