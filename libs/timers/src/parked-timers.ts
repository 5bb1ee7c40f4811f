import type { Collection, DocumentStore, StoredDocument } from '#read-models';
import type { TimerView } from './timers.projection.ts';

/** A timer whose command was refused; it stays set, but does not fire again by itself. */
export interface ParkedTimer extends StoredDocument {
  readonly timerId: string;
  readonly setBy: string;
  readonly command: string;
  readonly resource: { readonly type: string; readonly id: string };
  readonly dueAt: string;
  readonly code: string;
  readonly detail: string;
  readonly parkedAt: string;
}

type Timer = Pick<TimerView, 'setBy'> & { readonly _id: string };

/** The same timer set anew by another event is another firing. */
export const parkedIdOf = ({ _id, setBy }: Timer): string => `timer.${_id}.${setBy.id}`;

export class ParkedTimers {
  readonly #parked: Collection<ParkedTimer>;

  constructor(store: Pick<DocumentStore, 'collection'>) {
    this.#parked = store.collection<ParkedTimer>('parkedTimers');
  }

  /** As many as anybody looks through. */
  all(): Promise<ParkedTimer[]> {
    return this.#parked.find({}).sort({ dueAt: 1 }).limit(1_000).toArray() as Promise<ParkedTimer[]>;
  }

  /** Those of the ids that are parked. */
  async among(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await this.#parked.find({ _id: { $in: [...ids] } }).toArray();
    return new Set(found.map(({ _id }) => _id));
  }

  count(): Promise<number> {
    return this.#parked.countDocuments({});
  }

  async get(id: string): Promise<ParkedTimer | undefined> {
    return (await this.#parked.findOne({ _id: id })) ?? undefined;
  }

  async put({ _id, ...parked }: ParkedTimer): Promise<void> {
    await this.#parked.replaceOne({ _id }, parked, { upsert: true });
  }

  async remove(id: string): Promise<void> {
    await this.#parked.deleteOne({ _id: id });
  }
}
