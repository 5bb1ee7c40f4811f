import { createHmac } from 'node:crypto';
import type { Clock } from '#clock';
import { sourceOf } from '#http';
import type { IndexSpec } from '#kernel';
import type { DocumentStore } from '#read-models';
import type { MasterKey } from '#tokens';
import { type Counters, GuessCounters, type Guesses } from './guess-counters.ts';

export type GuessCheck =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      readonly retryAfterSeconds: number;
      /** `reset_required`: no waiting helps, only a reset by mail. Callers answer all three alike. */
      readonly reason: 'person_and_source' | 'source' | 'reset_required';
    };

interface Scope {
  readonly _id: string;
  readonly person?: string;
  readonly reason: 'person_and_source' | 'source' | 'reset_required';
}

export const guessIndexes: readonly IndexSpec[] = [{ person: 1 }, { until: 1 }];

const window = 15 * 60_000;
const bounds = { person_and_source: 10, source: 50, reset_required: 100 } as const;
const month = 30 * 24 * 3_600_000;

type Refused = Exclude<GuessCheck, { allowed: true }>;

/**
 * Bounds for guessing passwords and codes (api.md, "Limits of guessing"). A try counts as failed from `check` on, so
 * that many at once cannot slip through between the check and the failure; `succeeded` takes it back.
 */
export class GuessLimits {
  readonly #counters: GuessCounters;
  readonly #key: Buffer;
  readonly #clock: Clock;

  constructor(store: Pick<DocumentStore, 'collection'>, master: Pick<MasterKey, 'derive'>, clock: Clock) {
    this.#counters = new GuessCounters(store);
    this.#key = master.derive('guess-limits');
    this.#clock = clock;
  }

  /** Before every try. `person`: whom it is about (an address hash), known or not; `source`: an IP address. */
  async check(person: string | undefined, source: string): Promise<GuessCheck> {
    const scopes = this.#scopes(person, source);
    const counted = new Set<Scope>();
    const refused = await this.#counters.change(scopes, (counters, open) => {
      for (const scope of scopes) if (!open.has(scope)) counted.add(scope);
      return this.#count(counters, open);
    });
    if (!refused) return { allowed: true };
    if (counted.size > 0) await this.#takeBack([...counted]);
    return refused;
  }

  /** The right person: their failures are forgotten, those of others from this source are not. */
  async succeeded(person: string, source: string): Promise<void> {
    const scopes = this.#scopes(person, source);
    await this.#counters.change(scopes, (counters, open) => {
      for (const scope of open)
        if (scope.person !== undefined) counters.delete(scope._id);
        else this.#less(counters, scope);
    });
  }

  /** The try was not made after all: the service was too busy, or the request could not be read. */
  async released(person: string | undefined, source: string): Promise<void> {
    await this.#takeBack(this.#scopes(person, source));
  }

  /** After a reset by mail: the person may try again from everywhere. */
  async reset(person: string): Promise<void> {
    await this.#counters.deleteMany({ person: this.#hash(person) });
  }

  /** Deletes what counts no more; answers how many. */
  async removeExpired(): Promise<number> {
    return this.#counters.deleteMany({ until: { $lte: this.#clock.now() } });
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

  #judge({ reason }: Scope, stored: Guesses | undefined): Refused | undefined {
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

  /** Counts one more everywhere, or nowhere: where a bound is reached already. */
  #count(counters: Counters, open: ReadonlySet<Scope>): Refused | undefined {
    for (const scope of open) {
      const refused = this.#judge(scope, counters.get(scope._id));
      if (refused) return refused;
    }
    for (const scope of open) this.#more(counters, scope);
    return undefined;
  }

  #more(counters: Counters, { _id, person, reason }: Scope): void {
    const stored = counters.get(_id);
    const lasting = reason === 'reset_required';
    const now = this.#clock.now();
    const row = (stored?.row ?? 0) + 1;
    const times = lasting ? [now] : [...(stored ? this.#recent(stored) : []), now];
    const locked = lasting && row >= bounds.reset_required;
    const until = locked ? Number.MAX_SAFE_INTEGER : now + (lasting ? month : window);
    counters.set(_id, { ...(person && { person }), times, row, until });
  }

  #less(counters: Counters, { _id }: Scope): void {
    const stored = counters.get(_id);
    if (!stored || stored.row === 0) return;
    const until = Math.min(stored.until, this.#clock.now() + month);
    counters.set(_id, { ...stored, times: stored.times.slice(0, -1), row: stored.row - 1, until });
  }

  async #takeBack(scopes: readonly Scope[]): Promise<void> {
    await this.#counters.change(scopes, (counters, open) => {
      for (const scope of open) this.#less(counters, scope);
    });
  }
}
