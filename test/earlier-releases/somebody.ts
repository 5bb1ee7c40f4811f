// biome-ignore lint/suspicious/noExplicitAny: the answers of a release are what is looked into.
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly body: Json;
}

interface Target {
  readonly url: string;
  /** Newest position that a change has answered: reads ask for at least that. */
  position?: string;
}

/** Who calls a release, whichever it is. Throws when it does not answer as it should. */
export class Somebody {
  readonly #target: Target;
  readonly #token: string | undefined;

  constructor(target: Target, token?: string) {
    this.#target = target;
    this.#token = token;
  }

  as(token: string): Somebody {
    return new Somebody(this.#target, token);
  }

  async send(method: string, path: string, body?: unknown, idempotencyKey?: string): Promise<Answer> {
    const isText = typeof body === 'string';
    const { position } = this.#target;
    const reply = await fetch(this.#target.url + path, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': isText ? 'text/csv' : 'application/json' }),
        ...(method === 'GET' && position && { 'x-log-position': position }),
        ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
        ...(this.#token && { authorization: `Bearer ${this.#token}` }),
      },
      ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
    });
    const reached = method === 'GET' ? null : reply.headers.get('x-log-position');
    if (reached && Number(reached) > Number(position ?? 0)) this.#target.position = reached;
    const text = await reply.text();
    const isJson = reply.headers.get('content-type')?.includes('json') ?? false;
    return { status: reply.status, body: isJson ? JSON.parse(text) : text };
  }

  async #expect(method: string, path: string, body?: unknown): Promise<Json> {
    const answer = await this.send(method, path, body);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }

  get = (path: string): Promise<Json> => this.#expect('GET', path);
  post = (path: string, body?: unknown): Promise<Json> => this.#expect('POST', path, body);
  put = (path: string, body: unknown): Promise<Json> => this.#expect('PUT', path, body);
  patch = (path: string, body: unknown): Promise<Json> => this.#expect('PATCH', path, body);
  delete = (path: string): Promise<Json> => this.#expect('DELETE', path);

  /** Asks until it is so; throws when patience ends. */
  async until(path: string, isSo: (answer: Json) => boolean): Promise<Json> {
    const deadline = performance.now() + 15_000;
    for (;;) {
      const answer = await this.get(path);
      if (isSo(answer)) return answer;
      if (performance.now() > deadline) throw new Error(`${path} is still ${JSON.stringify(answer)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
