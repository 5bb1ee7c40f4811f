import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem, problemDocument } from './problem.ts';

export interface AdmissionLimits {
  /** Requests under way or waiting. */
  readonly inAll: number;
  /** Of them, of one caller: the rest is for others. */
  readonly perCaller: number;
  /** Requests that begin in one turn of the event loop. */
  readonly perTurn: number;
}

/** Callers wait less than a second, on one core; a turn stays so short that work of many turns is not starved. */
export const admissionLimits: AdmissionLimits = { inAll: 2_000, perCaller: 1_000, perTurn: 32 };

/** Those who are refused and come again at once would take the time of those who are not. */
const REFUSED_AFTER_MS = 25;

/**
 * Lets only so many requests begin in a turn of the event loop, the rest wait, caller by caller in turn: whoever asks
 * a thousand times at once stands in a queue of their own.
 */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #nextTurn: (work: () => void) => void;
  readonly #present = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();
  #inAll = 0;
  #begun = 0;
  #isArmed = false;

  constructor(limits: AdmissionLimits, nextTurn: (work: () => void) => void = setImmediate) {
    this.#limits = limits;
    this.#nextTurn = nextTurn;
  }

  /** Begins now or later; false: there is no place, and nothing will begin. Whoever was let in must leave once. */
  enter(caller: string, begin: () => void): boolean {
    const present = this.#present.get(caller) ?? 0;
    if (this.#inAll >= this.#limits.inAll || present >= this.#limits.perCaller) return false;
    this.#inAll += 1;
    this.#present.set(caller, present + 1);
    if (this.#waiting.size === 0 && this.#begun < this.#limits.perTurn) this.#begin(begin);
    else {
      const queue = this.#waiting.get(caller);
      if (queue) queue.push(begin);
      else this.#waiting.set(caller, [begin]);
    }
    return true;
  }

  leave(caller: string): void {
    this.#inAll -= 1;
    const rest = (this.#present.get(caller) ?? 1) - 1;
    if (rest === 0) this.#present.delete(caller);
    else this.#present.set(caller, rest);
  }

  #begin(begin: () => void): void {
    this.#begun += 1;
    this.#arm();
    begin();
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#nextTurn(() => this.#turn());
  }

  #turn(): void {
    this.#isArmed = false;
    this.#begun = 0;
    while (this.#waiting.size > 0 && this.#begun < this.#limits.perTurn) {
      const [[caller, queue]] = this.#waiting as unknown as [[string, (() => void)[]]];
      this.#waiting.delete(caller);
      const begin = queue.shift() as () => void;
      if (queue.length > 0) this.#waiting.set(caller, queue);
      this.#begin(begin);
    }
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

/** Those who watch and run the service get in whatever others do. */
const privileged = /^\/(?:health\/|metrics(?:$|\?)|v1\/operations\/)/;

/**
 * After the body has arrived, so that slow senders hold no place, and before anybody is asked who calls. A caller is a
 * token, or an address where there is none.
 */
export const admit = (fastify: FastifyInstance, limits: AdmissionLimits): void => {
  const admission = new Admission(limits);
  fastify.addHook('preHandler', (request: FastifyRequest, reply: FastifyReply, done) => {
    if (privileged.test(request.url)) return done();
    const { authorization, cookie } = request.headers;
    const caller = authorization ?? cookie ?? request.raw.socket.remoteAddress ?? '';
    const { raw } = reply;
    const isLetIn = admission.enter(caller, () => {
      if (!raw.destroyed) done();
    });
    if (isLetIn) raw.once('close', () => admission.leave(caller));
    else refuse(request, reply);
  });
};
