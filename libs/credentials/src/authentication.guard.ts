import { timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ApiKeys } from '#api-keys';
import type { Principal } from '#commands';
import { HttpProblem, isSafe, sessionIn, unauthenticated } from '#http';
import { AccessTokens, ProviderUnavailable } from '#oidc';
import { rightOfRoute } from '#permissions';
import { type Session, Sessions } from '#sign-in';
import { type ActiveUser, People } from '#users';

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
  readonly #apiKeys: ApiKeys;
  readonly #accessTokens: AccessTokens;
  readonly #sessions: Sessions;
  readonly #people: People;
  readonly #operator: OperatorToken;

  constructor(
    sessions: Sessions,
    people: People,
    apiKeys: ApiKeys,
    accessTokens: AccessTokens,
    operatorToken: OperatorToken,
  ) {
    this.#apiKeys = apiKeys;
    this.#accessTokens = accessTokens;
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
    if (authorization === undefined) return this.#byCookie(request, sessionIn(cookie), isPublic);
    const token = bearerPattern.exec(authorization)?.[1];
    if (token === undefined) return undefined;
    if (token.startsWith('ols_')) return this.#bySession(await this.#sessions.verify(token), isPublic);
    if (this.#operator.is(token)) return operator;
    if (token.startsWith('orgledger_')) return this.#apiKeys.verify(token);
    return token.includes('.') ? this.#byAccessToken(token) : undefined;
  }

  /**
   * The person with the address that the token proves, if it is proved here too: otherwise whoever signed up with
   * somebody else's address would be given that person's rights, and they his.
   */
  async #byAccessToken(token: string): Promise<Principal | undefined> {
    const email = await this.#accessTokens.emailOf(token).catch((error) => {
      if (error instanceof ProviderUnavailable) throw providerUnavailable();
      throw error;
    });
    const person = email === undefined ? undefined : await this.#people.whoever(email);
    return person?.status === 'active' && person.emailVerified
      ? { ...personal(person), role: await this.#people.roleOf(person), secondFactor: true }
      : undefined;
  }

  async #byCookie(
    request: FastifyRequest,
    token: string | undefined,
    isPublic: boolean,
  ): Promise<Principal | undefined> {
    const session = token === undefined ? undefined : await this.#sessions.verify(token);
    if (!session) return undefined;
    if (isSafe(request)) return this.#bySession(session, isPublic, true);
    const given = request.headers['x-csrf-token'];
    if (typeof given === 'string' && this.#sessions.csrfMatches(session, given))
      return this.#bySession(session, isPublic, true);
    if (isPublic) return undefined;
    throw new HttpProblem(403, 'csrf_token_missing', 'A request with the session cookie needs X-CSRF-Token.');
  }

  async #bySession(
    session: Session | undefined,
    isPublic: boolean,
    cookie = false,
  ): Promise<Principal | undefined> {
    if (!session) return undefined;
    const { state } = await this.#people.load(session.userId);
    if (state.status !== 'active') return undefined;
    const mustEnrol = !session.secondFactor && (session.mustEnrol || state.twoFactorRequired);
    if (mustEnrol && isPublic) return undefined;
    const { sessionId, secondFactor } = session;
    return {
      ...personal(state),
      role: await this.#people.roleOf(state),
      cookie,
      sessionId,
      secondFactor,
      mustEnrol,
    };
  }
}

const providerUnavailable = (): HttpProblem =>
  new HttpProblem(503, 'identity_provider_unavailable', 'The identity provider does not answer; try again.', {
    headers: { 'retry-after': '5' },
  });

const bearerPattern = /^Bearer ([\w.-]{1,8192})$/i;

/** A person with the rights of this moment. */
const personal = ({ userId, membership, emailVerified }: ActiveUser): Principal => ({
  type: 'user',
  id: userId,
  userId,
  organizationId: membership?.organizationId ?? null,
  role: membership?.role ?? null,
  emailVerified,
});
