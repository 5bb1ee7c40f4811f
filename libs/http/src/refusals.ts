import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { HttpProblem, problemDocument } from './problem.ts';

/** Those who are refused and come again at once would take the time of those who are not. */
const EVERY_MS = 6;

/**
 * Of the thread's processor time, for sending refusals; to read them takes about as much again. At twice what can
 * be done all are sent with it as soon as they may.
 */
const SHARE = 0.11;

/** Where that has not been enough for so many milliseconds, it is less for the following ones: what is done counts more. */
const SHORT = { afterMs: 2_500, share: 0.07, forMs: 5_000 };

/** So much of it is kept for many at once. */
const SAVED_MS = 15;

const LONGEST_MS = 1_000;

/** One for each connection that there may be; whoever asks on and on without an answer gets theirs sooner. */
const MOST = 2_000;

/** Looked at the clock after so many. */
const AT_ONCE = 16;

const overloaded = new HttpProblem(503, 'overloaded', 'Too much is under way just now; try again.');

export interface Refused {
  readonly id: string;
  readonly url: string;
}

interface Refusal {
  readonly request: Refused;
  readonly response: ServerResponse;
  readonly since: number;
}

/** Milliseconds: of the day's clock, and of this thread's processor time. */
export interface Clocks {
  readonly now: () => number;
  readonly used: () => number;
}

const ownClocks: Clocks = {
  now: () => performance.now(),
  used: () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  },
};

/**
 * Past Fastify's way of answering, and many at a time: a refusal must cost a fraction of what it refuses, and a client
 * that is woken for each costs more than all else. Whoever is refused hears of it after 6 to 12 ms; later, up to a
 * second, where so many are that to tell them would take the time of those who are not: who waits for an answer asks
 * nothing meanwhile.
 */
export class Refusals {
  readonly #headers: readonly string[];
  readonly #clocks: Clocks;
  #waiting: Refusal[] = [];
  #timer: NodeJS.Timeout | undefined;
  #budget = SAVED_MS;
  /** Processor time when somebody last looked. */
  #used = 0;
  /** When all had been told who were to be. */
  #levelAt = 0;

  /** @param headers of every answer */
  constructor(headers: OutgoingHttpHeaders, clocks: Clocks = ownClocks) {
    this.#headers = Object.entries({
      ...headers,
      'content-type': 'application/problem+json; charset=utf-8',
      'retry-after': '1',
    }).flatMap(([name, value]) => [name, String(value)]);
    this.#clocks = clocks;
  }

  send(request: Refused, response: ServerResponse): void {
    const since = this.#clocks.now();
    if (this.#waiting.length === 0) this.#levelAt = since;
    this.#waiting.push({ request, response, since });
    this.#timer ??= setInterval(() => this.#sendDue(), EVERY_MS);
  }

  #sendDue(): void {
    const now = this.#clocks.now();
    const used = this.#clocks.used();
    this.#budget = Math.min(SAVED_MS, this.#budget + (used - this.#used) * this.#share(now));
    this.#used = used;
    const arrivedSince = (ms: number): number => {
      const at = this.#waiting.findIndex(({ since }) => now - since < ms);
      return at < 0 ? this.#waiting.length : at;
    };
    const due = arrivedSince(EVERY_MS);
    const overdue = Math.max(arrivedSince(LONGEST_MS), this.#waiting.length - MOST);
    let sent = 0;
    while (sent < due && (this.#budget > 0 || sent < overdue)) {
      const next = Math.min(due, sent + AT_ONCE);
      for (; sent < next; sent += 1) this.#answer(this.#waiting[sent] as Refusal);
      const before = this.#used;
      this.#used = this.#clocks.used();
      this.#budget -= this.#used - before;
    }
    if (sent === due) this.#levelAt = now;
    this.#waiting.splice(0, sent);
    if (this.#waiting.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #share(now: number): number {
    const behindMs = (now - this.#levelAt) % (SHORT.afterMs + SHORT.forMs);
    return behindMs < SHORT.afterMs ? SHARE : SHORT.share;
  }

  #answer({ request, response }: Refusal): void {
    const body = JSON.stringify(problemDocument(overloaded, request));
    const own = ['content-length', String(Buffer.byteLength(body)), 'x-request-id', request.id];
    response.writeHead(503, [...this.#headers, ...own]).end(body);
  }
}
