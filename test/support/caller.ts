import { isDeepStrictEqual } from 'node:util';
import { type Dispatcher, fetch } from 'undici';
import { heldToItsDescription } from './described.ts';

// biome-ignore lint/suspicious/noExplicitAny: the answers of a product under test are what a test looks into.
export type Json = any;

export interface Reply {
  readonly status: number;
  readonly headers: {
    get(name: string): string | null;
    getSetCookie(): string[];
    [Symbol.iterator](): Iterator<[string, string]>;
  };
  readonly text: string;
  /** Undefined when the answer is not JSON. */
  readonly body: Json;
}

export interface Sending {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Whom one calls, and the newest position that a change has answered: reads ask for at least that. */
export interface Target {
  readonly url: string;
  position?: string;
}

/** Somebody who calls the product over HTTP. Every helper throws when the answer is not the expected one. */
export class Caller {
  readonly #target: Target;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #dispatcher: Dispatcher | undefined;

  constructor(target: Target, headers: Readonly<Record<string, string>> = {}, dispatcher?: Dispatcher) {
    this.#target = target;
    this.#headers = headers;
    this.#dispatcher = dispatcher;
  }

  as(token: string): Caller {
    return this.with({ authorization: `Bearer ${token}` });
  }

  with(headers: Readonly<Record<string, string>>): Caller {
    return new Caller(this.#target, { ...this.#headers, ...headers }, this.#dispatcher);
  }

  key(idempotencyKey: string): Caller {
    return this.with({ 'idempotency-key': idempotencyKey });
  }

  /** Through another dispatcher, so from another source address. */
  through(dispatcher: Dispatcher): Caller {
    return new Caller(this.#target, this.#headers, dispatcher);
  }

  async send(method: string, path: string, { body, raw, headers }: Sending = {}): Promise<Reply> {
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const target = this.#target;
    const reply = await fetch(target.url + path, {
      method,
      body: sent,
      redirect: 'manual',
      dispatcher: this.#dispatcher,
      headers: {
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'GET' && target.position ? { 'x-log-position': target.position } : {}),
        ...this.#headers,
        ...headers,
      },
    });
    const position = method === 'GET' ? null : reply.headers.get('x-log-position');
    if (position && Number(position) > Number(target.position ?? 0)) target.position = position;
    const type = reply.headers.get('content-type') ?? '';
    const isStream = type.includes('event-stream');
    if (isStream) await reply.body?.cancel();
    const text = isStream ? '' : await reply.text();
    const isJson = type.includes('json');
    const { status } = reply;
    const answer = { status, headers: reply.headers, text, body: isJson ? JSON.parse(text) : undefined };
    await heldToItsDescription(target.url, { method, path, status, contentType: type, body: answer.body });
    return answer;
  }

  async expecting(statuses: readonly number[], method: string, path: string, body?: unknown): Promise<Json> {
    const reply = await this.send(method, path, { body });
    if (!statuses.includes(reply.status))
      throw new Error(
        `${method} ${path} answered ${reply.status} instead of ${statuses.join(' or ')}: ${reply.text}`,
      );
    return reply.body;
  }

  get(path: string): Promise<Json> {
    return this.expecting([200], 'GET', path);
  }

  post(path: string, body?: unknown): Promise<Json> {
    return this.expecting([200, 201], 'POST', path, body);
  }

  put(path: string, body: unknown): Promise<Json> {
    return this.expecting([200], 'PUT', path, body);
  }

  patch(path: string, body: unknown): Promise<Json> {
    return this.expecting([200], 'PATCH', path, body);
  }

  /** The items of a whole list, page by page. */
  async all(path: string): Promise<Json[]> {
    const items: Json[] = [];
    for (let cursor: string | null = null; ; ) {
      const next = cursor === null ? '' : `${path.includes('?') ? '&' : '?'}cursor=${cursor}`;
      const page: Json = await this.get(path + next);
      items.push(...page.items);
      cursor = page.nextCursor;
      if (cursor === null) return items;
    }
  }

  /** The problem document of a refusal with this status and code. */
  async refused(
    status: number,
    code: string,
    method: string,
    path: string,
    sending: Sending = {},
  ): Promise<Json> {
    const reply = await this.send(method, path, sending);
    const { body } = reply;
    if (reply.status !== status || body?.code !== code)
      throw new Error(
        `${method} ${path} answered ${reply.status} ${body?.code} instead of ${status} ${code}: ${reply.text}`,
      );
    const wanted = {
      type: `urn:orgledger:problem:${code}`,
      status,
      code,
      instance: path.replace(/\?.*$/, ''),
      contentType: 'application/problem+json; charset=utf-8',
      strings: ['string', 'string', 'string'],
    };
    const given = {
      type: body.type,
      status: body.status,
      code: body.code,
      instance: body.instance,
      contentType: reply.headers.get('content-type'),
      strings: [typeof body.title, typeof body.detail, typeof body.requestId],
    };
    if (!isDeepStrictEqual(wanted, given))
      throw new Error(`${method} ${path} answered a malformed problem document: ${reply.text}`);
    return body;
  }
}
