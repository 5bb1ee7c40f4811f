import { setTimeout as sleep } from 'node:timers/promises';
import type { Credentials, EventStoreDBClient, StreamingRead } from '@eventstore/db-client';
import { StoreUnavailable, UnusableStore } from '../port.ts';
import { NoAnswer } from './failures.ts';

export type ClientModule = typeof import('@eventstore/db-client');
type Client = EventStoreDBClient;

/** The client keeps these to itself, but never closes a channel on its own and never awaits `handleError`. */
interface Internals {
  getChannel(): Promise<{ close(): void }>;
  handleError(...failure: readonly unknown[]): Promise<void>;
}

/** Sent by name, so that the client takes the unary path; an insecure server ignores them. */
const NOBODY: Credentials = { username: 'nobody', password: 'nobody' };

const LAST_WORDS_MS = 1_000;

/** One client for one store, replaced when it falls silent. Every call is bounded by a timer of our own. */
export class Connection {
  readonly #url: string;
  #client: Client;
  #closed = false;
  readonly module: ClientModule;
  /** Goes into every call: per-call credentials are what selects the unary path. */
  readonly options: { readonly credentials: Credentials; readonly requiresLeader: true };

  /** @throws UnusableStore when the connection string cannot be used. Does not connect. */
  static async open(url: string): Promise<Connection> {
    const { default: module } = await import('@eventstore/db-client');
    return new Connection(module, url);
  }

  private constructor(module: ClientModule, url: string) {
    if (/[?&]throw_?-?on_?-?append_?-?failure=false/i.test(url))
      throw new UnusableStore('the EventStoreDB address must not switch throwOnAppendFailure off');
    this.module = module;
    this.#url = url;
    this.options = { credentials: credentialsOf(url), requiresLeader: true };
    this.#client = this.#connect();
  }

  #connect(): Client {
    let client: Client;
    try {
      client = this.module.EventStoreDBClient.connectionString(this.#url);
    } catch (error) {
      throw new UnusableStore(`the EventStoreDB address cannot be used: ${(error as Error).message}`);
    }
    const internals = client as unknown as Internals;
    const handleError = internals.handleError;
    internals.handleError = (...failure) => handleError(...failure).catch(() => undefined);
    return client;
  }

  get client(): Client {
    if (this.#closed) throw new StoreUnavailable('the event store is closed');
    return this.#client;
  }

  /** Waits for one answer. No answer in time rejects with `NoAnswer` and the next call uses a new connection. */
  async call<T>(milliseconds: number, work: (client: Client) => Promise<T>): Promise<T> {
    const client = this.client;
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new NoAnswer(milliseconds)), milliseconds);
    try {
      return await Promise.race([work(client), promise]);
    } catch (error) {
      if (NoAnswer.is(error)) this.#renew(client);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Reads to the end; the timer bounds the gap between two items. */
  collect<T>(milliseconds: number, open: (client: Client) => StreamingRead<T>): Promise<T[]> {
    const client = this.client;
    return new Promise((resolve, reject) => {
      const items: T[] = [];
      const stream = open(client);
      const timer = setTimeout(() => {
        stream.cancel().catch(() => undefined);
        this.#renew(client);
        reject(new NoAnswer(milliseconds));
      }, milliseconds);
      const settle = (settled: () => void) => {
        clearTimeout(timer);
        settled();
      };
      stream.on('error', (error) => settle(() => reject(error)));
      stream.on('end', () => settle(() => resolve(items)));
      stream.on('data', (item: T) => {
        items.push(item);
        timer.refresh();
      });
    });
  }

  /** Calls in flight on the silent client may still be answered; new ones go elsewhere. */
  #renew(silent: Client): void {
    if (this.#closed || silent !== this.#client) return;
    this.#client = this.#connect();
    closeChannel(silent);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // The client's own end waits for ever when one of its streams was left in the middle.
    await Promise.race([this.#client.dispose(), sleep(LAST_WORDS_MS, undefined, { ref: false })]);
    closeChannel(this.#client);
  }
}

const closeChannel = (client: Client): void => {
  (client as unknown as Internals)
    .getChannel()
    .then((channel) => channel.close())
    .catch(() => undefined);
};

const credentialsOf = (url: string): Credentials => {
  const [, username, password] = /^[^:]+:\/\/([^:@/]+):([^@/]*)@/.exec(url) ?? [];
  if (username === undefined || password === undefined) return NOBODY;
  return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
};
