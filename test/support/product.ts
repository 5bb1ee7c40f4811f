import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Serving, serve } from '#application';
import { LogHead } from '#queries';
import { readSettings } from '#settings';
import { type DnsServer, startDnsServer } from '../servers/dns-server.ts';
import { startEventStoreDbServer } from '../servers/eventstoredb-server.ts';
import { startMongoServer } from '../servers/mongo-server.ts';
import { type RunningSmtpServer, type SmtpServerOptions, startSmtpServer } from '../servers/smtp-server.ts';
import { Caller, type Json } from './caller.ts';

interface Stores {
  readonly settings: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface Backend {
  readonly name: string;
  open(): Promise<Stores>;
}

const embedded: Backend = {
  name: 'embedded stores',
  open: async () => ({ settings: {}, close: async () => {} }),
};

/** A database of its own on a server that others use too. */
const ownDatabase = (url: string): string => {
  const named = new URL(url);
  named.pathname = `/journey-${randomBytes(6).toString('hex')}`;
  return named.href;
};

const isNamed = (variable: string): string =>
  process.env[variable] ? `the server of ${variable}` : `a stand-in, as ${variable} is not set`;

/** The servers named in the environment, otherwise the stand-ins of this process. */
const servers: Backend = {
  name: `EventStoreDB (${isNamed('EVENTSTORE_URL')}) and MongoDB (${isNamed('MONGODB_URL')})`,
  open: async () => {
    const { EVENTSTORE_URL, MONGODB_URL } = process.env;
    const events = EVENTSTORE_URL ? undefined : await startEventStoreDbServer();
    const documents = MONGODB_URL ? undefined : await startMongoServer({ replicaSet: true });
    return {
      settings: {
        EVENTSTORE_URL: EVENTSTORE_URL ?? events?.url ?? '',
        MONGODB_URL: documents?.url ?? ownDatabase(MONGODB_URL ?? ''),
      },
      close: async () => {
        await events?.close();
        await documents?.close();
      },
    };
  },
};

export const backends: readonly Backend[] = [embedded, servers];

export interface Options {
  readonly settings?: Readonly<Record<string, string>>;
  /** Off unless a journey is about them: many people come from one address here. */
  readonly rateLimits?: boolean;
  readonly smtp?: SmtpServerOptions;
  /** The product's own zone and mailbox instead of servers. */
  readonly sandbox?: boolean;
}

/** A machine that others use too may take its time. */
const PATIENCE_MS = 15_000;

export const password = 'a long quiet river 9';

/** Somebody who has signed up or accepted an invitation, and is signed in. */
export interface Person {
  readonly email: string;
  readonly userId: string;
  readonly organizationId: string;
  readonly accountId: string;
  readonly token: string;
  readonly call: Caller;
  /** `/v1/organizations/{organizationId}` and what follows. */
  path(rest?: string): string;
}

/** The product in this process over fixtures of its own; callers meet it over HTTP. */
export class Product {
  readonly dns: DnsServer;
  readonly smtp: RunningSmtpServer;
  readonly folder: string;
  readonly nobody: Caller;
  /** Names differ from product to product: a server named in the environment remembers. */
  readonly suffix = randomBytes(3).toString('hex');
  /** Newest position that a change has answered. */
  position: string | undefined;
  readonly #stores: Stores;
  readonly #options: Options;
  #serving: Serving | undefined;

  private constructor(
    dns: DnsServer,
    smtp: RunningSmtpServer,
    folder: string,
    stores: Stores,
    options: Options,
  ) {
    this.dns = dns;
    this.smtp = smtp;
    this.folder = folder;
    this.#stores = stores;
    this.#options = options;
    this.nobody = new Caller(this);
  }

  static async start(backend: Backend, options: Options = {}): Promise<Product> {
    const [dns, smtp, stores] = await Promise.all([
      startDnsServer(),
      startSmtpServer(options.smtp),
      backend.open(),
    ]);
    const folder = mkdtempSync(join(tmpdir(), 'orgledger-journey-'));
    const product = new Product(dns, smtp, folder, stores, options);
    try {
      await product.#serve();
      return product;
    } catch (error) {
      await product.stop();
      throw error;
    }
  }

  get url(): string {
    return this.serving.url;
  }

  get serving(): Serving {
    if (!this.#serving) throw new Error('the product is stopped');
    return this.#serving;
  }

  get operator(): Caller {
    return this.nobody.as(this.serving.operatorToken);
  }

  /** Position of the newest event of the log. */
  head(): Promise<number> {
    return this.serving.app.get(LogHead).head();
  }

  async restart(): Promise<void> {
    await this.#serving?.stop();
    this.#serving = undefined;
    await this.#serve();
  }

  async stop(): Promise<void> {
    await this.#serving?.stop();
    this.#serving = undefined;
    await Promise.all([this.dns.close(), this.smtp.close(), this.#stores.close()]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What the environment of another process over the same stores and servers would say. */
  get environment(): Record<string, string> {
    const { settings, sandbox = false } = this.#options;
    return {
      PORT: '0',
      LOG_LEVEL: 'error',
      ORGLEDGER_DATA_DIR: this.folder,
      ...(sandbox
        ? {}
        : { SMTP_URL: this.smtp.url, ORGLEDGER_DNS_SERVERS: this.dns.address, ...this.#stores.settings }),
      ...settings,
    };
  }

  async #serve(): Promise<void> {
    const { rateLimits = false } = this.#options;
    this.#serving = await serve({ ...readSettings(this.environment), rateLimits }, '0.0.0-test');
  }

  domain(name: string): string {
    return `${name}-${this.suffix}.example`;
  }

  /** The token in the n-th mail to an address. */
  async token(to: string, nth = 1): Promise<string> {
    const { messages } = this.smtp;
    const mail = await this.smtp.waitFor(
      (message) => messages.filter((other) => other.to === to).indexOf(message) === nth - 1,
      PATIENCE_MS,
    );
    return new URL(mail.links[0] ?? '').searchParams.get('token') ?? '';
  }

  async signIn(email: string, given = password): Promise<{ token: string; call: Caller }> {
    const { token } = await this.nobody.post('/v1/sessions', { email, password: given });
    return { token, call: this.nobody.as(token) };
  }

  #person(ids: Pick<Person, 'email' | 'userId' | 'organizationId' | 'accountId' | 'token' | 'call'>): Person {
    return { ...ids, path: (rest = '') => `/v1/organizations/${ids.organizationId}${rest}` };
  }

  /** A person with an organization, signed in; the address is verified unless told otherwise. */
  async signUp(email: string, { verified = true, ...fields }: Json = {}): Promise<Person> {
    const receipt = await this.nobody.post('/v1/sign-ups', {
      email,
      password,
      givenName: 'Anna',
      familyName: 'Berg',
      ...fields,
    });
    if (verified)
      await this.nobody.post('/v1/email-verifications/complete', {
        token: await this.token(email.toLowerCase()),
      });
    const { token, call } = await this.signIn(email, fields.password);
    return this.#person({ ...receipt, email, token, call });
  }

  async verifiedDomain(person: Person, domain: string): Promise<Json> {
    const added = await person.call.post(person.path('/domains'), { domain, method: 'dns_txt' });
    this.dns.set(added.dnsRecord.host, 'TXT', [added.dnsRecord.value]);
    const verified = await person.call.post(person.path(`/domains/${added.domainId}/verify`));
    if (verified.status !== 'verified')
      throw new Error(`${domain} is not verified: ${JSON.stringify(verified)}`);
    return { ...added, ...verified };
  }

  /** Waits until the log knows what became of every pending invitation's mail. @returns the log's head then */
  async quiet(person: Person): Promise<number> {
    await until(
      () => person.call.all(person.path('/invitations?status=pending&limit=200')),
      (pending) => pending.every(({ delivery }: Json) => delivery !== 'queued'),
    );
    return this.head();
  }

  invite(person: Person, email: string, role = 'standard_user'): Promise<Json> {
    return person.call.post(person.path('/invitations'), { email, role });
  }

  /** A new person who was invited and accepted. */
  async join(inviter: Person, email: string, role = 'standard_user'): Promise<Person> {
    await this.invite(inviter, email, role);
    const accepted = await this.nobody.post('/v1/invitations/accept', {
      token: await this.token(email),
      password,
      givenName: 'Bob',
      familyName: 'Ray',
    });
    return this.#person({
      ...accepted,
      organizationId: inviter.organizationId,
      email,
      ...(await this.signIn(email)),
    });
  }
}

/** For the query of a read that must see a position. */
export const at = (position: string): string => `minPosition=${position}`;

/** Asks again until it is so; throws when patience ends. */
export const until = async (ask: () => Promise<Json>, isSo: (answer: Json) => boolean): Promise<Json> => {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (isSo(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`still not so: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
