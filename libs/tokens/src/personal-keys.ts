import { randomBytes } from 'node:crypto';
import { RecentlyUsed } from '#cache';
import { type Collection, type DocumentStore, DuplicateKey } from '#read-models';
import type { MasterKey } from './master-key.ts';

interface KeyDocument {
  readonly _id: string;
  readonly wrapped?: string;
  readonly destroyed?: true;
}

const destroyed = Symbol('destroyed');
const atOnce = 500;
const DOUBTFUL = 100_000;

/**
 * One encryption key per person, wrapped by the master key, in a store apart from the log. Destroying it makes the
 * person's fields unreadable everywhere, for ever.
 */
export class PersonalKeys {
  readonly #keys: Collection<KeyDocument>;
  readonly #master: Pick<MasterKey, 'wrap' | 'unwrap'>;
  readonly #cache: RecentlyUsed<string, Buffer | typeof destroyed>;
  readonly #doubtful = new RecentlyUsed<string, true>(DOUBTFUL);

  constructor(
    store: Pick<DocumentStore, 'collection'>,
    master: Pick<MasterKey, 'wrap' | 'unwrap'>,
    cached = 200_000,
  ) {
    this.#keys = store.collection<KeyDocument>('keys');
    this.#master = master;
    this.#cache = new RecentlyUsed(cached);
  }

  /**
   * An entry for every subject; null: destroyed, or never made and not to be made now. A new key is on disk before
   * this resolves; whoever makes one for the same subject at the same time gets the same key. `begins`: one that is not
   * known is probably new, and is made before it is looked for.
   */
  async of(
    subjects: readonly string[],
    { create, begins = false }: { readonly create: boolean; readonly begins?: boolean },
  ): Promise<ReadonlyMap<string, Buffer | null>> {
    const found = new Map<string, Buffer | null>();
    const unknown: string[] = [];
    for (const subject of new Set(subjects)) {
      const cached = this.#cache.get(subject);
      if (cached === undefined) unknown.push(subject);
      else found.set(subject, cached === destroyed ? null : cached);
    }
    for (let start = 0; start < unknown.length; start += atOnce)
      await this.#load(unknown.slice(start, start + atOnce), create, begins, found);
    return found;
  }

  async #load(
    subjects: readonly string[],
    create: boolean,
    begins: boolean,
    found: Map<string, Buffer | null>,
  ): Promise<void> {
    let missing = create && begins ? subjects : await this.#read(subjects, found);
    for (let round = 0; create && missing.length > 0; round++) {
      if (round === 10) throw new Error('the key store does not keep the keys it is given');
      const taken = await Promise.all(missing.map((subject) => this.#make(subject, found)));
      missing = await this.#read(
        missing.filter((_, index) => taken[index]),
        found,
      );
    }
    for (const subject of missing) found.set(subject, null);
  }

  /** Answers the subjects that have no document. */
  async #read(subjects: readonly string[], found: Map<string, Buffer | null>): Promise<string[]> {
    if (subjects.length === 0) return [];
    const [only] = subjects;
    const documents =
      subjects.length === 1
        ? [await this.#keys.findOne({ _id: only })].filter((document) => document !== null)
        : await this.#keys.find({ _id: { $in: [...subjects] } }).toArray();
    const missing = new Set(subjects);
    for (const { _id, wrapped } of documents) {
      missing.delete(_id);
      // Destroyed while this was reading: what was read is no longer so.
      const gone = wrapped === undefined || this.#cache.get(_id) === destroyed;
      const key = gone ? destroyed : this.#master.unwrap(wrapped, _id);
      if (key === destroyed || !this.#doubtful.has(_id)) this.#cache.set(_id, key);
      found.set(_id, key === destroyed ? null : key);
    }
    return [...missing];
  }

  /** @returns whether somebody else was faster: then theirs is the key, or it was destroyed */
  async #make(subject: string, found: Map<string, Buffer | null>): Promise<boolean> {
    const key = randomBytes(32);
    try {
      await this.#keys.insertOne({ _id: subject, wrapped: this.#master.wrap(key, subject) });
    } catch (error) {
      if (error instanceof DuplicateKey) return true;
      throw error;
    }
    // Destroyed while it was being written.
    if (this.#cache.get(subject) === destroyed) return true;
    this.#cache.set(subject, key);
    found.set(subject, key);
    return false;
  }

  /** For ever: a destroyed key is never made again. */
  async destroy(subject: string): Promise<void> {
    this.#cache.set(subject, destroyed);
    for (;;)
      try {
        await this.#keys.replaceOne({ _id: subject }, { destroyed: true }, { upsert: true });
        return;
      } catch (error) {
        if (error instanceof DuplicateKey) continue;
        this.#cache.delete(subject);
        throw error;
      }
  }

  /** Asks the store for the subject's key from now on: another process destroys it. */
  forget(subject: string): void {
    this.#doubtful.set(subject, true);
    if (this.#cache.get(subject) !== destroyed) this.#cache.delete(subject);
  }
}
