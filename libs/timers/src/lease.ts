import { randomUUID } from 'node:crypto';
import { type Collection, type DocumentStore, DuplicateKey, type StoredDocument } from '#read-models';

interface Lease extends StoredDocument {
  /** Empty: given back. */
  readonly holder: string;
  /** Raised by whoever holds it. */
  readonly beat: number;
}

/**
 * Work that one process does at a time. Nobody's clock has a part in it: a lease is free when its beat is seen to
 * stand still for `staleMs` of machine time, so a machine whose time is wrong neither steals nor keeps it.
 */
export class SharedLease {
  readonly #leases: Collection<Lease>;
  readonly #name: string;
  readonly #staleMs: number;
  readonly #elapsed: () => number;
  readonly #holder = randomUUID();
  #seen: { readonly lease: Lease; readonly at: number } | undefined;

  constructor(
    store: Pick<DocumentStore, 'collection'>,
    name: string,
    { staleMs = 5_000, elapsed = () => performance.now() } = {},
  ) {
    this.#leases = store.collection<Lease>('leases');
    this.#name = name;
    this.#staleMs = staleMs;
    this.#elapsed = elapsed;
  }

  /** Takes it or says that it is still held; call it more often than `staleMs`. True while it is this process's. */
  async hold(): Promise<boolean> {
    const lease = await this.#leases.findOne({ _id: this.#name });
    if (!lease) return this.#create();
    const mine = lease.holder === this.#holder;
    if (!mine && lease.holder !== '' && !this.#standsStill(lease)) return false;
    return this.#take(lease, this.#holder);
  }

  /** So that nobody waits for its beat. */
  async release(): Promise<void> {
    const lease = await this.#leases.findOne({ _id: this.#name });
    if (lease?.holder === this.#holder) await this.#take(lease, '');
  }

  async #create(): Promise<boolean> {
    try {
      await this.#leases.insertOne({ _id: this.#name, holder: this.#holder, beat: 1 });
      return true;
    } catch (error) {
      if (error instanceof DuplicateKey) return false;
      throw error;
    }
  }

  #standsStill(lease: Lease): boolean {
    const now = this.#elapsed();
    const { lease: before, at } = this.#seen ?? {};
    if (before?.holder === lease.holder && before.beat === lease.beat && at !== undefined)
      return now - at >= this.#staleMs;
    this.#seen = { lease, at: now };
    return false;
  }

  async #take({ holder, beat }: Lease, next: string): Promise<boolean> {
    const { matchedCount } = await this.#leases.updateOne(
      { _id: this.#name, holder, beat },
      { $set: { holder: next, beat: beat + 1 } },
    );
    return matchedCount === 1;
  }
}
