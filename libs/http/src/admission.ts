import { hash } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RecentlyUsed } from '#cache';
import { HttpProblem, problemDocument } from './problem.ts';

/** How many requests may be under way or waiting. */
export interface Places {
  readonly inAll: number;
  /** Of them, of one caller: the rest is for others. */
  readonly perCaller: number;
}

/** Three kinds of callers, each with places that no other kind can take. */
export interface AdmissionLimits {
  /** Whoever has shown a token that was one: by person, or by API key. */
  readonly known: Places;
  /** Everybody else, by address: also whoever shows a token that nobody has been let in with yet. */
  readonly strangers: Places;
  /** Those who watch and run the service. */
  readonly watchers: Places;
  /** Requests that begin in one turn of the event loop. */
  readonly perTurn: number;
}

/** Callers wait less than a second, on one core; a turn stays so short that work of many turns is not starved. */
export const admissionLimits: AdmissionLimits = {
  known: { inAll: 2_000, perCaller: 1_000 },
  strangers: { inAll: 1_000, perCaller: 500 },
  watchers: { inAll: 100, perCaller: 50 },
  perTurn: 32,
};

/** Those who are refused and come again at once would take the time of those who are not. */
const REFUSED_AFTER_MS = 25;

type Kind = Exclude<keyof AdmissionLimits, 'perTurn'>;

class Pool {
  readonly #places: Places;
  readonly #present = new Map<string, number>();
  #inAll = 0;

  constructor(places: Places) {
    this.#places = places;
  }

  take(caller: string): boolean {
    const present = this.#present.get(caller) ?? 0;
    if (this.#inAll >= this.#places.inAll || present >= this.#places.perCaller) return false;
    this.#inAll += 1;
    this.#present.set(caller, present + 1);
    return true;
  }

  giveBack(caller: string): void {
    this.#inAll -= 1;
    const rest = (this.#present.get(caller) ?? 1) - 1;
    if (rest === 0) this.#present.delete(caller);
    else this.#present.set(caller, rest);
  }
}

/**
 * What arrives in one turn of the event loop begins in the next, so that its answers leave together; only so much of
 * it, the rest waits, caller by caller in turn: whoever asks a thousand times at once stands in a queue of their own.
 */
export class Admission {
  readonly #pools: Readonly<Record<Kind, Pool>>;
  readonly #perTurn: number;
  readonly #nextTurn: (work: () => void) => void;
  readonly #waiting = new Map<string, (() => void)[]>();
  #isArmed = false;

  constructor(limits: AdmissionLimits, nextTurn: (work: () => void) => void = setImmediate) {
    const { known, strangers, watchers, perTurn } = limits;
    this.#pools = {
      known: new Pool(known),
      strangers: new Pool(strangers),
      watchers: new Pool(watchers),
    };
    this.#perTurn = perTurn;
    this.#nextTurn = nextTurn;
  }

  /** Begins later; false: there is no place, and nothing will begin. Whoever was let in must leave once. */
  enter(kind: Kind, caller: string, begin: () => void): boolean {
    if (!this.#pools[kind].take(caller)) return false;
    const queue = this.#waiting.get(caller);
    if (queue) queue.push(begin);
    else this.#waiting.set(caller, [begin]);
    this.#arm();
    return true;
  }

  leave(kind: Kind, caller: string): void {
    this.#pools[kind].giveBack(caller);
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#nextTurn(() => this.#turn());
  }

  #turn(): void {
    this.#isArmed = false;
    for (let begun = 0; this.#waiting.size > 0 && begun < this.#perTurn; begun += 1) {
      const [[caller, queue]] = this.#waiting as unknown as [[string, (() => void)[]]];
      this.#waiting.delete(caller);
      const begin = queue.shift() as () => void;
      if (queue.length > 0) this.#waiting.set(caller, queue);
      begin();
    }
    if (this.#waiting.size > 0) this.#arm();
  }
}

const overloaded = new HttpProblem(503, 'overloaded', 'Too much is under way just now; try again.');

/** Past Fastify's way of answering: a refusal must cost a fraction of what it refuses. */
const refuse = (request: FastifyRequest, reply: FastifyReply): void => {
  reply.hijack();
  const body = JSON.stringify(problemDocument(overloaded, request));
  const headers = {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'retry-after': '1',
    'x-request-id': request.id,
  };
  setTimeout(() => reply.raw.writeHead(503, headers).end(body), REFUSED_AFTER_MS);
};

const watched = /^\/(?:health\/|metrics(?:$|\?))/;

/** Whom a token or a cookie stood for when it was last shown, kept by its hash. */
class KnownCallers {
  readonly #callers = new RecentlyUsed<string, string>(100_000);

  of(key: string): string | undefined {
    return this.#callers.get(key);
  }

  /** What an answer tells of who asked. */
  learn(key: string, { principal }: FastifyRequest, status: number): void {
    if (principal) {
      if (this.#callers.get(key) !== principal.id) this.#callers.set(key, principal.id);
    } else if (status === 401) this.#callers.delete(key);
  }
}

/**
 * After the body has arrived, so that slow senders hold no place, and before anybody is asked who calls. Whoever
 * invents tokens stands with all of them in the one queue of their address, and takes no place of those who are known.
 */
export const admit = (fastify: FastifyInstance, limits: AdmissionLimits): void => {
  const admission = new Admission(limits);
  const callers = new KnownCallers();
  fastify.addHook('preHandler', (request: FastifyRequest, reply: FastifyReply, done) => {
    const { authorization, cookie } = request.headers;
    const shown = authorization ?? cookie;
    const key = shown === undefined ? undefined : hash('sha256', shown, 'base64url');
    const known = key === undefined ? undefined : callers.of(key);
    const kind =
      watched.test(request.url) || known === 'operator'
        ? 'watchers'
        : known === undefined
          ? 'strangers'
          : 'known';
    const address = request.raw.socket.remoteAddress ?? '';
    const caller = kind === 'watchers' ? `watching from ${address}` : (known ?? address);
    request.isKnown = known !== undefined;
    const { raw } = reply;
    const isLetIn = admission.enter(kind, caller, () => {
      if (!raw.destroyed) done();
    });
    if (!isLetIn) return refuse(request, reply);
    raw.once('close', () => {
      admission.leave(kind, caller);
      if (key !== undefined) callers.learn(key, request, raw.statusCode);
    });
  });
};
