import { createHmac } from 'node:crypto';
import type { Clock } from '#clock';
import { sourceOf } from '#http';
import type { IndexSpec } from '#kernel';
import type { Collection, DocumentStore } from '#read-models';
import type { MasterKey } from '#tokens';
import { OneAtATime } from './one-at-a-time.ts';

export type GuessCheck =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      readonly retryAfterSeconds: number;
      /** `reset_required`: no waiting helps, only a reset by mail. Callers answer all three alike. */
      readonly reason: 'person_and_source' | 'source' | 'reset_required';
    };

/** Failures by scope; keys are hashed, so that neither address nor source can be read from the store. */
interface Guesses {
  readonly _id: string;
  /** Hashed; absent where the source alone counts. */
  readonly person?: string;
  /** Milliseconds, oldest first; for a person's row of failures only the newest. */
  readonly times: readonly number[];
  /** Failures in a row. */
  readonly row: number;
  readonly version: number;
  /** May be deleted from then on. */
  readonly until: number;
}

interface Scope {
  readonly _id: string;
  readonly person?: string;
  readonly reason: 'person_and_source' | 'source' | 'reset_required';
}

export const guessIndexes: readonly IndexSpec[] = [{ person: 1 }, { until: 1 }];

const window = 15 * 60_000;
const bounds = { person_and_source: 10, source: 50, reset_required: 100 } as const;
const month = 30 * 24 * 3_600_000;

/**
 * Bounds for guessing passwords and codes (api.md, "Limits of guessing"). A try counts as failed from `check` on, so
 * that many at once cannot slip through between the check and the failure; `succeeded` takes it back.
 */
export class GuessLimits {
  readonly #guesses: Collection<Guesses>;
  readonly #key: Buffer;
  readonly #clock: Clock;
  readonly #turns = new OneAtATime();

  constructor(store: Pick<DocumentStore, 'collection'>, master: Pick<MasterKey, 'derive'>, clock: Clock) {
    this.#guesses = store.collection<Guesses>('guesses');
    this.#key = master.derive('guess-limits');
    this.#clock = clock;
  }

  /** Before every try. `person`: whom it is about (an address hash), known or not; `source`: an IP address. */
  async check(person: string | undefined, source: string): Promise<GuessCheck> {
    const scopes = this.#scopes(person, source);
    const stored = await this.#guesses.find({ _id: { $in: scopes.map(({ _id }) => _id) } }).toArray();
    for (const scope of scopes) {
      const refused = this.#judge(
        scope,
        stored.find(({ _id }) => _id === scope._id),
      );
      if (refused) return refused;
    }
    return this.#turns.run(() => this.#count(scopes));
  }

  async #count(scopes: readonly Scope[]): Promise<GuessCheck> {
    for (const [index, scope] of scopes.entries()) {
      const refused = await this.#add(scope);
      if (!refused) continue;
      for (const counted of scopes.slice(0, index)) await this.#takeBack(counted._id);
      return refused;
    }
    return { allowed: true };
  }

  /** The right person: their failures are forgotten, those of others from this source are not. */
  async succeeded(person: string, source: string): Promise<void> {
    const scopes = this.#scopes(person, source);
    const own = scopes.filter((scope) => scope.person !== undefined).map(({ _id }) => _id);
    await this.#turns.run(async () => {
      await this.#guesses.deleteMany({ _id: { $in: own } });
      for (const scope of scopes) if (scope.person === undefined) await this.#takeBack(scope._id);
    });
  }

  /** The try was not made after all: the service was too busy, or the request could not be read. */
  async released(person: string | undefined, source: string): Promise<void> {
    await this.#turns.run(async () => {
      for (const { _id } of this.#scopes(person, source)) await this.#takeBack(_id);
    });
  }

  /** After a reset by mail: the person may try again from everywhere. */
  async reset(person: string): Promise<void> {
    await this.#guesses.deleteMany({ person: this.#hash(person) });
  }

  /** Deletes what counts no more; answers how many. */
  async removeExpired(): Promise<number> {
    return (await this.#guesses.deleteMany({ until: { $lte: this.#clock.now() } })).deletedCount;
  }

  #scopes(person: string | undefined, ip: string): Scope[] {
    const source = sourceOf(ip);
    const bySource: Scope = { _id: `source.${this.#hash(source)}`, reason: 'source' };
    if (person === undefined) return [bySource];
    const hashed = this.#hash(person);
    return [
      { _id: `person.${hashed}`, person: hashed, reason: 'reset_required' },
      { _id: `both.${this.#hash(`${person}\0${source}`)}`, person: hashed, reason: 'person_and_source' },
      bySource,
    ];
  }

  #hash(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('hex').slice(0, 32);
  }

  #judge({ reason }: Scope, stored: Guesses | undefined): GuessCheck | undefined {
    if (!stored) return undefined;
    const bound = bounds[reason];
    if (reason === 'reset_required')
      return stored.row >= bound ? { allowed: false, reason, retryAfterSeconds: window / 1_000 } : undefined;
    const recent = this.#recent(stored);
    if (recent.length < bound) return undefined;
    const free = (recent[recent.length - bound] as number) + window;
    return {
      allowed: false,
      reason,
      retryAfterSeconds: Math.max(1, Math.ceil((free - this.#clock.now()) / 1_000)),
    };
  }

  #recent({ times }: Guesses): number[] {
    const since = this.#clock.now() - window;
    return times.filter((time) => time > since);
  }

  /** Counts one more unless the bound is reached. Another process may write between: then it is judged anew. */
  async #add(scope: Scope): Promise<GuessCheck | undefined> {
    const { _id, person, reason } = scope;
    const lasting = reason === 'reset_required';
    for (;;) {
      const stored = (await this.#guesses.findOne({ _id })) ?? undefined;
      const refused = this.#judge(scope, stored);
      if (refused) return refused;
      const now = this.#clock.now();
      const row = (stored?.row ?? 0) + 1;
      const times = lasting ? [now] : [...(stored ? this.#recent(stored) : []), now];
      const locked = lasting && row >= bounds.reset_required;
      const until = locked ? Number.MAX_SAFE_INTEGER : now + (lasting ? month : window);
      const { matchedCount, upsertedCount } = stored
        ? await this.#guesses.updateOne(
            { _id, version: stored.version },
            { $set: { times, row, until }, $inc: { version: 1 } },
          )
        : await this.#guesses.updateOne(
            { _id },
            { $setOnInsert: { ...(person && { person }), times, row, version: 0, until } },
            { upsert: true },
          );
      if (stored ? matchedCount === 1 : upsertedCount === 1) return undefined;
    }
  }

  async #takeBack(_id: string): Promise<void> {
    for (;;) {
      const stored = await this.#guesses.findOne({ _id });
      if (!stored || stored.row === 0) return;
      const { version } = stored;
      const times = stored.times.slice(0, -1);
      const { matchedCount } = await this.#guesses.updateOne(
        { _id, version },
        {
          $set: { times, row: stored.row - 1, until: Math.min(stored.until, this.#clock.now() + month) },
          $inc: { version: 1 },
        },
      );
      if (matchedCount === 1) return;
    }
  }
}
