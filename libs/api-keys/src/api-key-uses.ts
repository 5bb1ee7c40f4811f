import { RecentlyUsed } from '#cache';
import { type Clock, isoTime } from '#clock';
import type { Collection, DocumentStore } from '#read-models';

interface Use {
  readonly _id: string;
  /** Milliseconds, exact to a minute. */
  readonly lastUsedAt: number;
}

const minute = 60_000;

/** When keys were used last: not an event, and nothing waits for it to be written. */
export class ApiKeyUses {
  readonly #uses: Collection<Use>;
  readonly #clock: Clock;
  readonly #told = new RecentlyUsed<string, number>(10_000);

  constructor(store: Pick<DocumentStore, 'collection'>, clock: Clock) {
    this.#uses = store.collection<Use>('api-key-uses');
    this.#clock = clock;
  }

  used(apiKeyId: string): void {
    const now = this.#clock.now();
    if (now - (this.#told.get(apiKeyId) ?? 0) < minute) return;
    this.#told.set(apiKeyId, now);
    this.#uses
      .updateOne({ _id: apiKeyId }, { $max: { lastUsedAt: now } }, { upsert: true })
      .catch(() => this.#told.delete(apiKeyId));
  }

  async of(apiKeyIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const uses =
      apiKeyIds.length === 0 ? [] : await this.#uses.find({ _id: { $in: [...apiKeyIds] } }).toArray();
    return new Map(uses.map(({ _id, lastUsedAt }) => [_id, isoTime(lastUsedAt)]));
  }
}
