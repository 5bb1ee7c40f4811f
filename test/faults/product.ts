import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MasterKey } from '#tokens';
import { type Child, startChild } from './child.ts';

const LOADER = new URL('./from-source.mjs', import.meta.url).pathname;
const MAIN = new URL('../../apps/api/src/main.ts', import.meta.url).pathname;

// biome-ignore lint/suspicious/noExplicitAny: whatever the product answers is judged by the test.
export type Json = any;

export interface Answer {
  readonly status: number;
  /** As received, byte for byte. */
  readonly text: string;
  readonly body: Json;
  readonly headers: Headers;
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly key?: string;
}

/** The whole product in a process of its own, so that it can be killed. */
export class Product {
  readonly child: Child;
  readonly folder: string;
  url = '';
  /** From the start of the process to its first readiness. */
  readyAfterMs = 0;

  private constructor(child: Child, folder: string) {
    this.child = child;
    this.folder = folder;
  }

  /** `before`: a module that is loaded before the product. */
  static async start(folder: string, settings: Record<string, string> = {}, before?: URL): Promise<Product> {
    const started = performance.now();
    const imported = [LOADER, ...(before ? [before.pathname] : [])];
    const child = startChild([...imported.flatMap((module) => ['--import', module]), MAIN], {
      env: {
        PATH: process.env.PATH,
        PORT: '0',
        ORGLEDGER_DATA_DIR: folder,
        LOG_LEVEL: 'silent',
        ...settings,
      },
    });
    const product = new Product(child, folder);
    const line = await child.line(/ is ready on /);
    product.url = line.slice(line.indexOf('http'));
    product.readyAfterMs = performance.now() - started;
    return product;
  }

  async kill(): Promise<number | NodeJS.Signals> {
    this.child.kill('SIGKILL');
    return this.child.ended;
  }

  /** @returns the exit code, or the signal that ended it */
  async stop(): Promise<number | NodeJS.Signals> {
    this.child.kill('SIGTERM');
    return this.child.ended;
  }

  get operator(): Caller {
    const master = MasterKey.load(undefined, this.folder);
    return new Caller(this, `orgop_${master.derive('operator').toString('base64url')}`);
  }

  as(token?: string): Caller {
    return new Caller(this, token);
  }
}

/** Whoever holds the token. Rejects when the connection breaks, answers everything else. */
export class Caller {
  readonly #product: Product;
  readonly #token: string | undefined;

  constructor(product: Product, token?: string) {
    this.#product = product;
    this.#token = token;
  }

  async call({ method, path, body, key }: Request): Promise<Answer> {
    const response = await fetch(this.#product.url + path, {
      method,
      ...(body && { body: JSON.stringify(body) }),
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(this.#token && { authorization: `Bearer ${this.#token}` }),
        ...(key && { 'idempotency-key': key }),
      },
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return {
      status: response.status,
      text,
      body: isJson && text ? JSON.parse(text) : undefined,
      headers: response.headers,
    };
  }

  get = (path: string): Promise<Answer> => this.call({ method: 'GET', path });
  post = (path: string, body?: object): Promise<Answer> => this.call({ method: 'POST', path, body });

  /** Every item of a list, page by page. */
  async all(path: string): Promise<Json[]> {
    const items: Json[] = [];
    let cursor = '';
    do {
      const separator = path.includes('?') ? '&' : '?';
      const { status, text, body } = await this.get(`${path}${separator}limit=200${cursor}`);
      if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
      items.push(...body.items);
      cursor = body.nextCursor ? `&cursor=${encodeURIComponent(body.nextCursor)}` : '';
    } while (cursor);
    return items;
  }
}

/** Asks until the answer is right. @throws after a time with what was answered last */
export const eventually = async <T>(
  ask: () => Promise<T>,
  isRight: (answer: T) => boolean,
  milliseconds = 10_000,
): Promise<T> => {
  const until = performance.now() + milliseconds;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (performance.now() > until) throw new Error(`still ${JSON.stringify(answer).slice(0, 1_000)}`);
    await sleep(25);
  }
};

/** The token in the newest link mailed to an address (sandbox). */
export const mailedToken = async (product: Product, to: string, mails = 1): Promise<string> => {
  const { body } = await eventually(
    () => product.as().get(`/sandbox/mail?to=${encodeURIComponent(to)}`),
    (answer) => answer.body.items.length >= mails,
  );
  return new URL(body.items[0].links[0]).searchParams.get('token') as string;
};

export interface Administrator {
  readonly token: string;
  readonly organizationId: string;
  readonly userId: string;
  readonly domain: string;
}

const expectStatus = (answer: Answer, status: number): Json => {
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${answer.text}`);
  return answer.body;
};

/** Somebody with an organization and a proved domain, over HTTP and the sandbox. */
export const administrator = async (product: Product): Promise<Administrator> => {
  const domain = `d${randomUUID().slice(0, 8)}.example`;
  const email = `owner@${domain}`;
  const password = 'a long quiet river 9';
  const anybody = product.as();
  const signedUp = expectStatus(
    await anybody.post('/v1/sign-ups', {
      email,
      password,
      givenName: 'Anna',
      familyName: 'Berg',
      organizationName: 'Corporate',
    }),
    201,
  );
  const { token } = expectStatus(await anybody.post('/v1/sessions', { email, password }), 201);
  const link = await mailedToken(product, email);
  expectStatus(await anybody.post('/v1/email-verifications/complete', { token: link }), 200);
  const { organizationId, userId } = signedUp;
  const me = product.as(token);
  const domains = `/v1/organizations/${organizationId}/domains`;
  const added = expectStatus(await me.post(domains, { domain, method: 'dns_txt' }), 201);
  await anybody.call({
    method: 'PUT',
    path: `/sandbox/dns/${added.dnsRecord.host}/TXT`,
    body: { values: [added.dnsRecord.value] },
  });
  const verified = expectStatus(await me.post(`${domains}/${added.domainId}/verify`), 200);
  if (verified.status !== 'verified') throw new Error(JSON.stringify(verified));
  return { token, organizationId, userId, domain };
};
