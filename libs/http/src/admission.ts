import { hash } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RecentlyUsed } from '#cache';
import { turns } from '#clock';
import { Refusals } from './refusals.ts';
import { sessionIn } from './session-cookie.ts';
import { sourceOf } from './source-address.ts';

/** How many requests may be under way or waiting. */
export interface Places {
  readonly inAll: number;
  /** Of them, of one caller: the rest is for others. */
  readonly perCaller: number;
}

/** Kinds of callers, each with places that no other kind can take. */
export interface AdmissionLimits {
  /** Whoever has shown a token that was one: by person, or by API key. */
  readonly known: Places;
  /** Everybody else, by address: also whoever shows a token that nobody has been let in with yet. */
  readonly strangers: Places;
  /** Those who watch the service. */
  readonly watchers: Places;
  /** Whoever runs it. */
  readonly operators: Places;
  /** Requests that begin in one turn of the event loop; half of them where many wait. */
  readonly perTurn: number;
}

/** Callers wait less than a second, on one core; a turn stays so short that work of many turns is not starved. */
export const admissionLimits: AdmissionLimits = {
  known: { inAll: 2_000, perCaller: 1_000 },
  strangers: { inAll: 1_000, perCaller: 500 },
  watchers: { inAll: 100, perCaller: 50 },
  operators: { inAll: 100, perCaller: 100 },
  perTurn: 32,
};

type Kind = Exclude<keyof AdmissionLimits, 'perTurn'>;

interface Place {
  readonly kind: Kind;
  readonly caller: string;
}

const entry = Symbol('entry');

type Incoming = IncomingMessage & { [entry]?: Entry };

interface Entry {
  readonly who: Asking;
  /** What has a body begins when that is there; anything else waits at the door, where it costs less. */
  readonly hasBody: boolean;
  /** Milliseconds at the door. */
  waited: number;
  /** Once it is inside. */
  request?: FastifyRequest;
}

/** Who asks, as far as a token or an address tells before anybody looks into it. */
interface Asking extends Place {
  /** The hash of the token or cookie that was shown. */
  readonly key?: string;
  /** True: somebody was let in with it before. */
  readonly isKnown: boolean;
}

class Pool {
  readonly #places: Places;
  readonly #present = new Map<string, number>();
  #inAll = 0;

  constructor(places: Places) {
    this.#places = places;
  }

  isFull(caller: string): boolean {
    const { inAll, perCaller } = this.#places;
    return this.#inAll >= inAll || (this.#present.get(caller) ?? 0) >= perCaller;
  }

  take(caller: string): boolean {
    if (this.isFull(caller)) return false;
    this.#inAll += 1;
    this.#present.set(caller, (this.#present.get(caller) ?? 0) + 1);
    return true;
  }

  giveBack(caller: string): void {
    this.#inAll -= 1;
    const rest = (this.#present.get(caller) ?? 1) - 1;
    if (rest === 0) this.#present.delete(caller);
    else this.#present.set(caller, rest);
  }
}

/** Where more than these wait, others are refused, and hear of it only between two turns: those are half as long then. */
const MANY = 128;

/** What one caller waits to begin. */
interface Queue {
  readonly caller: string;
  readonly begins: (() => void)[];
}

/**
 * What arrives together begins together, before all work that can wait, so that its answers leave together; only so much
 * of it, the rest waits, caller by caller in turn: whoever asks a thousand times at once stands in a queue of their own.
 */
export class Admission {
  readonly #pools: Readonly<Record<Kind, Pool>>;
  readonly #perTurn: number;
  readonly #nextTurn: (work: () => void) => void;
  readonly #waiting = new Map<string, Queue>();
  /** The same queues, in the order in which they are next. */
  readonly #order: Queue[] = [];
  #waitingInAll = 0;
  #isArmed = false;

  constructor(limits: AdmissionLimits, nextTurn: (work: () => void) => void = (work) => turns.first(work)) {
    const { known, strangers, watchers, operators, perTurn } = limits;
    this.#pools = {
      known: new Pool(known),
      strangers: new Pool(strangers),
      watchers: new Pool(watchers),
      operators: new Pool(operators),
    };
    this.#perTurn = perTurn;
    this.#nextTurn = nextTurn;
  }

  isFull({ kind, caller }: Place): boolean {
    return this.#pools[kind].isFull(caller);
  }

  /** Begins later; false: there is no place, and nothing will begin. Whoever was let in must leave once. */
  enter({ kind, caller }: Place, begin: () => void): boolean {
    if (!this.#pools[kind].take(caller)) return false;
    this.#waitingInAll += 1;
    const known = this.#waiting.get(caller);
    if (known) known.begins.push(begin);
    else {
      const queue = { caller, begins: [begin] };
      this.#waiting.set(caller, queue);
      this.#order.push(queue);
    }
    this.#arm();
    return true;
  }

  leave({ kind, caller }: Place): void {
    this.#pools[kind].giveBack(caller);
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#nextTurn(() => this.#turn());
  }

  #turn(): void {
    this.#isArmed = false;
    const most = this.#waitingInAll > MANY ? this.#perTurn / 2 : this.#perTurn;
    for (let begun = 0; begun < most; begun += 1) {
      const queue = this.#order.shift();
      if (!queue) return;
      const { caller, begins } = queue;
      const begin = begins.shift() as () => void;
      this.#waitingInAll -= 1;
      if (begins.length > 0) this.#order.push(queue);
      else this.#waiting.delete(caller);
      begin();
    }
    if (this.#order.length > 0) this.#arm();
  }
}

const watched = /^\/(?:health\/|metrics(?:$|\?))/;
/** Costs less than counting it, and whoever asks would end a process that does not answer. */
const uncounted = /^\/health\/live(?:$|\?)/;

const keyOf = (shown: string): string => hash('sha256', shown, 'base64url');

const shownBefore = Symbol('shown before');

/** Remembers the key of what it showed last: a connection mostly shows the same, and hashing costs more than the rest. */
type Showing = Socket & { [shownBefore]?: { readonly shown: string; readonly key: string } };

const keyShownOn = (socket: Showing, shown: string): string => {
  const before = socket[shownBefore];
  if (before?.shown === shown) return before.key;
  const key = keyOf(shown);
  socket[shownBefore] = { shown, key };
  return key;
};

/** Whom a token or a cookie stood for when it was last shown, kept by its hash. */
class KnownCallers {
  readonly #callers = new RecentlyUsed<string, string>(100_000);
  readonly #operator: string | undefined;

  constructor(operatorToken: string | undefined) {
    this.#operator = operatorToken && keyOf(`Bearer ${operatorToken}`);
  }

  asking({ url = '', headers, socket }: IncomingMessage): Asking {
    const shown = headers.authorization ?? sessionIn(headers.cookie);
    const key = shown === undefined ? undefined : keyShownOn(socket, shown);
    if (key !== undefined && key === this.#operator)
      return { kind: 'operators', caller: 'operator', key, isKnown: true };
    const known = key === undefined ? undefined : this.#callers.get(key);
    const isKnown = known !== undefined;
    const source = sourceOf(socket.remoteAddress ?? '');
    if (watched.test(url)) return { kind: 'watchers', caller: `watching from ${source}`, key, isKnown };
    return { kind: isKnown ? 'known' : 'strangers', caller: known ?? source, key, isKnown };
  }

  /** What an answer tells of who asked. */
  learn({ key, caller }: Asking, { principal }: FastifyRequest, status: number): void {
    if (key === undefined || principal?.id === caller) return;
    if (principal) this.#callers.set(key, principal.id);
    else if (status === 401) this.#callers.delete(key);
  }
}

export interface Door {
  /** Of every answer. */
  readonly headers: OutgoingHttpHeaders;
  readonly nextId: () => string;
  readonly operatorToken: string | undefined;
  /** Told of each that was sent away before it came in. */
  readonly refused: (method: string) => void;
}

/**
 * Whoever invents tokens stands with all of them in the one queue of their address, and takes no place of those who
 * are known. Who finds no place is refused at the door; a place is taken when the body has arrived, so that slow
 * senders hold none, and before anybody is asked who calls. What has no body waits at the door as well.
 */
export const admit = (
  fastify: FastifyInstance,
  limits: AdmissionLimits,
  { headers, nextId, operatorToken, refused }: Door,
): void => {
  const admission = new Admission(limits);
  const callers = new KnownCallers(operatorToken);
  const refusals = new Refusals(headers);
  const { server } = fastify;
  const [inside] = server.listeners('request') as RequestListener[];
  if (!inside) throw new Error('nobody listens to requests yet');
  server.off('request', inside);
  const inFor = (entered: Entry, response: ServerResponse, begin: () => void): boolean => {
    const { who } = entered;
    const isLetIn = admission.enter(who, () => {
      if (!response.destroyed) begin();
    });
    // It closes once, and `once` would cost more.
    if (isLetIn)
      response.on('close', () => {
        admission.leave(who);
        if (entered.request) callers.learn(who, entered.request, response.statusCode);
      });
    return isLetIn;
  };
  server.on('request', (request, response) => {
    if (uncounted.test(request.url ?? '')) return inside(request, response);
    const entered: Entry = { who: callers.asking(request), hasBody: hasBody(request), waited: 0 };
    (request as Incoming)[entry] = entered;
    if (entered.hasBody) {
      if (!admission.isFull(entered.who)) return inside(request, response);
    } else {
      const since = performance.now();
      const begin = () => {
        entered.waited = performance.now() - since;
        inside(request, response);
      };
      if (inFor(entered, response, begin)) return;
    }
    refusals.send({ id: nextId(), url: request.url ?? '' }, response);
    refused(request.method ?? '');
  });
  fastify.addHook('preHandler', (request: FastifyRequest, reply: FastifyReply, done) => {
    if (uncounted.test(request.url)) return done();
    const { raw } = reply;
    const entered: Entry = (request.raw as Incoming)[entry] ?? {
      who: callers.asking(request.raw),
      hasBody: true,
      waited: 0,
    };
    entered.request = request;
    request.isKnown = entered.who.isKnown;
    request.waited = entered.waited;
    if (!entered.hasBody) return done();
    if (inFor(entered, raw, done)) return;
    reply.hijack();
    refusals.send(request, raw);
  });
};

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
