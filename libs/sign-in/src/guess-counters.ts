import type { Collection, DocumentStore } from '#read-models';

/** Failures by scope; keys are hashed, so that neither address nor source can be read from the store. */
export interface Guesses {
  /** Hashed; absent where the source alone counts. */
  readonly person?: string;
  /** Milliseconds, oldest first; for a person's row of failures only the newest. */
  readonly times: readonly number[];
  /** Failures in a row. */
  readonly row: number;
  /** May be deleted from then on. */
  readonly until: number;
}

interface Stored extends Guesses {
  readonly _id: string;
  readonly version: number;
}

export type Counters = Map<string, Guesses>;

interface Named {
  readonly _id: string;
}

interface Change {
  /** What is still to be changed. */
  readonly open: ReadonlySet<Named>;
  readonly work: (counters: Counters, open: ReadonlySet<Named>) => unknown;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Whatever is asked while others are being written waits and is then read at once, changed in the order of asking and
 * written at once: one commit, however many sign in.
 */
export class GuessCounters {
  readonly #stored: Collection<Stored>;
  #asked: Change[] = [];
  #isUnderWay = false;

  constructor(store: Pick<DocumentStore, 'collection'>) {
    this.#stored = store.collection<Stored>('guesses');
  }

  /**
   * `work` changes the counters of what is `open` and throws nothing. It is asked again for those that another process
   * has written meanwhile, or for all when it had left them as they were; its last answer counts.
   */
  change<S extends Named, R>(
    scopes: readonly S[],
    work: (counters: Counters, open: ReadonlySet<S>) => R,
  ): Promise<R> {
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    this.#asked.push({ open: new Set(scopes), work: work as Change['work'], resolve, reject });
    if (!this.#isUnderWay) this.#begin();
    return promise;
  }

  async deleteMany(filter: Parameters<Collection<Stored>['deleteMany']>[0]): Promise<number> {
    return (await this.#stored.deleteMany(filter)).deletedCount;
  }

  async #begin(): Promise<void> {
    this.#isUnderWay = true;
    while (this.#asked.length > 0) {
      const changes = this.#asked;
      this.#asked = [];
      try {
        this.#asked = [...(await this.#together(changes)), ...this.#asked];
      } catch (error) {
        for (const { reject } of changes) reject(error);
      }
    }
    this.#isUnderWay = false;
  }

  /** @returns what is to be asked again */
  async #together(changes: readonly Change[]): Promise<Change[]> {
    const ids = [...new Set(changes.flatMap(({ open }) => [...open].map(({ _id }) => _id)))];
    const stored = await this.#stored.find({ _id: { $in: ids } }).toArray();
    const before = new Map<string, Stored>(stored.map((guesses) => [guesses._id, guesses]));
    const counters: Counters = new Map(before);
    const done = changes.map((change) => {
      const found = [...change.open].map(({ _id }) => [_id, counters.get(_id)] as const);
      const answer = change.work(counters, change.open);
      const isChanged = found.some(([id, seen]) => counters.get(id) !== seen);
      return { change, answer, isChanged };
    });
    const written = await Promise.all(ids.map((id) => this.#write(id, before.get(id), counters.get(id))));
    const missed = new Set(ids.filter((_, at) => !written[at]));
    return done.flatMap(({ change, answer, isChanged }) => {
      const open = [...change.open].filter(({ _id }) => missed.has(_id));
      if (open.length > 0) return [isChanged ? { ...change, open: new Set(open) } : change];
      change.resolve(answer as never);
      return [];
    });
  }

  /** False when another process wrote first. */
  async #write(_id: string, before: Stored | undefined, after: Guesses | undefined): Promise<boolean> {
    if (before === after) return true;
    if (!after) {
      await this.#stored.deleteOne({ _id });
      return true;
    }
    const { person, times, row, until } = after;
    if (before) {
      const newer = { $set: { times, row, until }, $inc: { version: 1 } };
      return (await this.#stored.updateOne({ _id, version: before.version }, newer)).matchedCount === 1;
    }
    const first = { $setOnInsert: { ...(person && { person }), times, row, version: 0, until } };
    return (await this.#stored.updateOne({ _id }, first, { upsert: true })).upsertedCount === 1;
  }
}
