import { createHmac } from 'node:crypto';
import { RecentlyUsed } from '#cache';
import type { Clock } from '#clock';
import type { IndexSpec } from '#kernel';
import type { Collection, DocumentStore } from '#read-models';
import type { MasterKey } from '#tokens';
import { OneAtATime } from './one-at-a-time.ts';

export interface Rate {
  /** Takes at once, and per `milliseconds` in the long run. */
  readonly limit: number;
  readonly milliseconds: number;
}

const hour = 3_600_000;

export const rates = {
  /** Per source address. */
  signUps: { limit: 300, milliseconds: hour },
  /** Per receiving address: invitations sent again, verifications, resets. */
  mails: { limit: 10, milliseconds: hour },
  /** Per address that is invited, whoever invites it. */
  invitations: { limit: 60, milliseconds: hour },
  /** Per source address. */
  resets: { limit: 20, milliseconds: hour },
  /** Per person: codes to a telephone. */
  texts: { limit: 10, milliseconds: hour },
} as const satisfies Readonly<Record<string, Rate>>;

export type RateCheck =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly retryAfterSeconds: number };

interface Spent {
  readonly _id: string;
  /** The moment (milliseconds) at which the whole allowance is there again. */
  readonly until: number;
}

export const rateIndexes: readonly IndexSpec[] = [{ until: 1 }];

/** A bucket of `limit` tokens per key that fills evenly, on the product's clock. With a store it survives a restart. */
export class RateLimit {
  readonly #interval: number;
  readonly #span: number;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #key: Buffer;
  readonly #stored: Collection<Spent> | undefined;
  readonly #remembered = new RecentlyUsed<string, number>(100_000);
  readonly #turns = new OneAtATime();

  constructor(
    name: string,
    { limit, milliseconds }: Rate,
    master: Pick<MasterKey, 'derive'>,
    clock: Clock,
    store?: Pick<DocumentStore, 'collection'>,
  ) {
    this.#interval = Math.ceil(milliseconds / limit);
    this.#span = this.#interval * limit;
    this.#name = name;
    this.#key = master.derive('rate-limits');
    this.#clock = clock;
    this.#stored = store?.collection<Spent>('rates');
  }

  /** Takes one if there is one. */
  take(key: string): Promise<RateCheck> {
    const _id = createHmac('sha256', this.#key).update(`${this.#name}\0${key}`).digest('hex').slice(0, 32);
    return this.#turns.run(() => this.#take(_id));
  }

  async #take(_id: string): Promise<RateCheck> {
    for (;;) {
      const before = await this.#read(_id);
      const now = this.#clock.now();
      const until = Math.max(before ?? now, now) + this.#interval;
      const wait = until - now - this.#span;
      if (wait > 0) return { allowed: false, retryAfterSeconds: Math.ceil(wait / 1_000) };
      if (await this.#write(_id, before, until)) return { allowed: true };
    }
  }

  async #read(_id: string): Promise<number | undefined> {
    if (!this.#stored) return this.#remembered.get(_id);
    return (await this.#stored.findOne({ _id }))?.until;
  }

  /** False when another process wrote first. */
  async #write(_id: string, before: number | undefined, until: number): Promise<boolean> {
    if (!this.#stored) {
      this.#remembered.set(_id, until);
      return true;
    }
    if (before !== undefined)
      return (await this.#stored.updateOne({ _id, until: before }, { $set: { until } })).matchedCount === 1;
    const created = await this.#stored.updateOne({ _id }, { $setOnInsert: { until } }, { upsert: true });
    return created.upsertedCount === 1;
  }

  /** Deletes full buckets; answers how many. */
  async removeExpired(): Promise<number> {
    return (await this.#stored?.deleteMany({ until: { $lte: this.#clock.now() } }))?.deletedCount ?? 0;
  }
}
