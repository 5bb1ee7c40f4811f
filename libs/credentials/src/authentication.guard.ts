import { timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '#commands';
import { HttpProblem, isSafe, unauthenticated } from '#http';
import { rightOfRoute } from '#permissions';
import { Sessions } from '#sign-in';
import { People } from '#users';
import { SessionCookie } from './session-cookie.ts';

/** The bearer of this token runs the product; derived from the master key, so that only who can read that is one. */
export class OperatorToken {
  readonly #token: Buffer;

  constructor(token: string) {
    this.#token = Buffer.from(token);
  }

  is(token: string): boolean {
    const given = Buffer.from(token);
    return given.length === this.#token.length && timingSafeEqual(given, this.#token);
  }
}

const operator: Principal = {
  type: 'operator',
  id: 'operator',
  userId: null,
  organizationId: null,
  role: null,
  emailVerified: true,
};

/** Who calls, with the rights of this moment: the session says who, the person's own stream says what they may. */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  readonly #sessions: Sessions;
  readonly #people: People;
  readonly #operator: OperatorToken;

  constructor(sessions: Sessions, people: People, operatorToken: OperatorToken) {
    this.#operator = operatorToken;
    this.#sessions = sessions;
    this.#people = people;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const isPublic = rightOfRoute(context).of === 'anybody';
    request.principal = await this.#principalOf(request, isPublic);
    if (!request.principal && !isPublic) throw unauthenticated();
    return true;
  }

  async #principalOf(request: FastifyRequest, isPublic: boolean): Promise<Principal | undefined> {
    const { authorization, cookie } = request.headers;
    const bearer = authorization?.match(/^Bearer ([\w-]{1,512})$/i)?.[1];
    const inCookie = authorization === undefined ? SessionCookie.tokenIn(cookie) : undefined;
    const token = bearer ?? inCookie;
    if (bearer !== undefined && this.#operator.is(bearer)) return operator;
    const session = token === undefined ? undefined : await this.#sessions.verify(token);
    if (!session) return undefined;
    if (inCookie !== undefined && !isSafe(request)) {
      const given = request.headers['x-csrf-token'];
      const ours = typeof given === 'string' && this.#sessions.csrfMatches(session, given);
      if (!ours && isPublic) return undefined;
      if (!ours)
        throw new HttpProblem(
          403,
          'csrf_token_missing',
          'A request with the session cookie needs X-CSRF-Token.',
        );
    }
    const { state } = await this.#people.load(session.userId);
    if (state.status !== 'active') return undefined;
    const mustEnrol = !session.secondFactor && (session.mustEnrol || state.twoFactorRequired);
    if (mustEnrol && isPublic) return undefined;
    return {
      type: 'user',
      id: state.userId,
      userId: state.userId,
      organizationId: state.membership?.organizationId ?? null,
      role: state.membership?.role ?? null,
      emailVerified: state.emailVerified,
      cookie: inCookie !== undefined,
      sessionId: session.sessionId,
      secondFactor: session.secondFactor,
      mustEnrol,
    };
  }
}
