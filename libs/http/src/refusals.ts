import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { HttpProblem, problemDocument } from './problem.ts';

/** Those who are refused and come again at once would take the time of those who are not. */
const EVERY_MS = 6;

const overloaded = new HttpProblem(503, 'overloaded', 'Too much is under way just now; try again.');

export interface Refused {
  readonly id: string;
  readonly url: string;
}

type Refusal = readonly [Refused, ServerResponse];

/**
 * Past Fastify's way of answering, and many at a time: a refusal must cost a fraction of what it refuses, and a client
 * that is woken for each costs more than all else. Whoever is refused hears of it after 6 to 12 ms.
 */
export class Refusals {
  readonly #headers: readonly string[];
  #arrived: Refusal[] = [];
  #next: Refusal[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param headers of every answer */
  constructor(headers: OutgoingHttpHeaders) {
    this.#headers = Object.entries({
      ...headers,
      'content-type': 'application/problem+json; charset=utf-8',
      'retry-after': '1',
    }).flatMap(([name, value]) => [name, String(value)]);
  }

  send(request: Refused, response: ServerResponse): void {
    this.#arrived.push([request, response]);
    this.#timer ??= setInterval(() => this.#sendNext(), EVERY_MS);
  }

  #sendNext(): void {
    const due = this.#next;
    this.#next = this.#arrived;
    this.#arrived = [];
    for (const refusal of due) this.#answer(refusal);
    if (this.#next.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #answer([request, response]: Refusal): void {
    const body = JSON.stringify(problemDocument(overloaded, request));
    const own = ['content-length', String(Buffer.byteLength(body)), 'x-request-id', request.id];
    response.writeHead(503, [...this.#headers, ...own]).end(body);
  }
}
