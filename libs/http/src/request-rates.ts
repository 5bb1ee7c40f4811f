import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RecentlyUsed } from '#cache';
import { isSafe } from './call.ts';
import { HttpProblem, RateLimited } from './problem.ts';
import { sourceOf } from './source-address.ts';

/** How many requests at once, and again so many per minute in the long run. */
export interface RequestRates {
  readonly reads: number;
  readonly changes: number;
}

const minute = 60_000;

/** Generous: they keep one caller from taking the whole machine for long, and nobody from working. */
export const requestRates = {
  person: { reads: 300_000, changes: 30_000 },
  organization: { reads: 600_000, changes: 60_000 },
  /** Whoever has not signed in, by address; also those whose token is not one. */
  source: { reads: 60_000, changes: 12_000 },
} as const satisfies Readonly<Record<string, RequestRates>>;

type Who = keyof typeof requestRates;

interface Left {
  readonly who: Who;
  readonly remaining: number;
  /** Until the whole allowance is there again. */
  readonly seconds: number;
}

/** A bucket per key that fills evenly; kept in this process, since a request must not wait for a store to be refused. */
export class Allowance {
  readonly #who: Who;
  readonly #limit: number;
  readonly #interval: number;
  /** The moment at which the whole allowance is there again. */
  readonly #full = new RecentlyUsed<string, number>(100_000);

  constructor(who: Who, limit: number) {
    this.#who = who;
    this.#limit = limit;
    this.#interval = minute / limit;
  }

  left(key: string, now: number): Left {
    const owed = Math.max(0, (this.#full.get(key) ?? 0) - now);
    return {
      who: this.#who,
      remaining: Math.max(0, Math.floor(this.#limit - owed / this.#interval)),
      seconds: Math.ceil(owed / 1_000),
    };
  }

  /** Takes one if there is one. */
  take(key: string, now: number): boolean {
    const full = Math.max(this.#full.get(key) ?? 0, now) + this.#interval;
    if (full - now > minute + 1e-6) return false;
    this.#full.set(key, full);
    return true;
  }

  /** Seconds until there is one again. */
  get wait(): number {
    return this.#interval / 1_000;
  }
}

type Rates = Readonly<Record<Who, RequestRates>>;

/** Whoever watches the service must reach it whatever others do. */
const watched = /^\/(?:health\/|metrics(?:$|\?))/;

/**
 * Stands around whoever authenticates: counts per person, organization and source, and says with every answer what is
 * left (RateLimit header fields for HTTP). A source is charged only for what nobody has signed in for, and what
 * strangers have used up is not held against those who are known.
 */
export class RateGuard implements CanActivate {
  readonly #authentication: CanActivate;
  readonly #now: () => number;
  readonly #policies: Readonly<
    Record<keyof RequestRates, { readonly person: string; readonly source: string }>
  >;
  readonly #allowances: Readonly<Record<keyof RequestRates, Readonly<Record<Who, Allowance>>>>;

  constructor(authentication: CanActivate, rates: Rates = requestRates, now = () => performance.now()) {
    this.#authentication = authentication;
    this.#now = now;
    const of = (kind: keyof RequestRates) => ({
      person: new Allowance('person', rates.person[kind]),
      organization: new Allowance('organization', rates.organization[kind]),
      source: new Allowance('source', rates.source[kind]),
    });
    const policy = (kind: keyof RequestRates, ...who: readonly Who[]) =>
      who.map((name) => `"${name}";q=${rates[name][kind]};w=60`).join(', ');
    const policies = (kind: keyof RequestRates) => ({
      person: policy(kind, 'person', 'organization'),
      source: policy(kind, 'source'),
    });
    this.#allowances = { reads: of('reads'), changes: of('changes') };
    this.#policies = { reads: policies('reads'), changes: policies('changes') };
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    if (watched.test(request.url)) return (await this.#authentication.canActivate(context)) as boolean;
    const reply = http.getResponse<FastifyReply>();
    const kind = isSafe(request) ? 'reads' : 'changes';
    const source = sourceOf(request.raw.socket.remoteAddress ?? '');
    const bySource = this.#allowances[kind].source;
    if (!request.isKnown && bySource.left(source, this.#now()).remaining === 0)
      throw this.#refused(reply, kind, bySource, source);
    try {
      await this.#authentication.canActivate(context);
    } catch (error) {
      if (error instanceof HttpProblem && error.status === 401) bySource.take(source, this.#now());
      throw error;
    }
    this.#charge(request, reply, kind, source);
    return true;
  }

  #charge(request: FastifyRequest, reply: FastifyReply, kind: keyof RequestRates, source: string): void {
    const { principal } = request;
    const { person, organization, source: bySource } = this.#allowances[kind];
    const now = this.#now();
    if (principal?.type === 'operator') return;
    if (!principal) {
      if (!bySource.take(source, now)) throw this.#refused(reply, kind, bySource, source);
      tell(reply, this.#policies[kind].source, bySource.left(source, now));
      return;
    }
    const { id, organizationId } = principal;
    if (!person.take(id, now)) throw this.#refused(reply, kind, person, id);
    const own = person.left(id, now);
    if (!organizationId) {
      tell(reply, this.#policies[kind].person, own);
      return;
    }
    if (!organization.take(organizationId, now))
      throw this.#refused(reply, kind, organization, organizationId);
    const shared = organization.left(organizationId, now);
    tell(reply, this.#policies[kind].person, shared.remaining < own.remaining ? shared : own);
  }

  #refused(reply: FastifyReply, kind: keyof RequestRates, allowance: Allowance, key: string): RateLimited {
    const left = allowance.left(key, this.#now());
    tell(reply, this.#policies[kind][left.who === 'source' ? 'source' : 'person'], left);
    return new RateLimited(allowance.wait);
  }
}

const tell = (reply: FastifyReply, policy: string, { who, remaining, seconds }: Left): void => {
  void reply.header('ratelimit-policy', policy);
  void reply.header('ratelimit', `"${who}";r=${remaining};t=${seconds}`);
};
