import type { AnyBulkWriteOperation } from 'mongodb';
import type { Breath } from '#clock';
import type { Event, Projection, RecordedEvent, Scalar } from '#kernel';
import { type CellOfDocument, cellOf, type Derived, derivedOf, derivedOfPast } from './derived.ts';
import type { Collection, Documents, StoredDocument } from './port.ts';

/** A document with the positions between which it is current. */
export interface Version extends StoredDocument, Derived {
  /** Position of the event that made this version. */
  readonly _from: number;
  /** Id of that event: where an explanation starts. */
  readonly _event: string;
  readonly [field: string]: unknown;
}

/** A version that is no longer current. */
export interface PastVersion extends Version {
  readonly _key: string;
  /** Position of the event that ended it. */
  readonly _to: number;
}

/** How many documents of a scope have the same values in the counted fields, now. */
export interface Cell extends StoredDocument {
  readonly scope: string;
  readonly values: Readonly<Record<string, Scalar>>;
  readonly n: number;
  /** Position of the event that changed it last. */
  readonly at: number;
}

/** The same, as it was from a position on. */
export interface PastCount extends StoredDocument {
  readonly cell: string;
  readonly position: number;
  readonly n: number;
}

export interface Quarantined {
  readonly stream: string;
  readonly position: number;
  readonly error: string;
}

/** Names of the collections of one build of a projection. */
export const collectionsOf = (build: string) => ({
  live: build,
  past: `${build}.past`,
  cells: `${build}.cells`,
  counts: `${build}.counts`,
});

type AnyProjection = Projection<object, Event>;
type Body = Readonly<Record<string, unknown>>;
interface Held {
  readonly body: Body;
  readonly from: number;
  readonly event: string;
  /** Once somebody has asked. */
  cell?: CellOfDocument;
}

/** Documents that are looked up, or handed over to be written, in one piece. */
const PIECE = 250;

/**
 * One batch of events folded into one projection's documents: every touched document is loaded once, every version
 * between is kept, and what has to be written is written at the end.
 */
export class Fold {
  readonly #projection: AnyProjection;
  readonly #names: ReturnType<typeof collectionsOf>;
  /** Position that the stored documents already show. */
  readonly #checkpoint: number;
  /** True: a batch that a crash cut off may have left documents that show more than the checkpoint. */
  readonly #torn: boolean;
  readonly #breath: Breath;
  readonly #before = new Map<string, Held | undefined>();
  readonly #now = new Map<string, Held | undefined>();
  /** Keys whose stored document is not the one that the checkpoint shows. */
  readonly #stale = new Set<string>();
  readonly #past: PastVersion[] = [];
  readonly #cells = new Map<string, Cell>();
  readonly #counts: PastCount[] = [];

  constructor(projection: AnyProjection, build: string, checkpoint: number, torn: boolean, breath: Breath) {
    this.#projection = projection;
    this.#names = collectionsOf(build);
    this.#checkpoint = checkpoint;
    this.#torn = torn;
    this.#breath = breath;
  }

  /** Applies the events in order; returns what had to be quarantined. */
  async apply(
    events: readonly RecordedEvent[],
    documents: Documents,
    isQuarantined: (stream: string) => boolean,
  ): Promise<Quarantined[]> {
    const quarantined = new Map<string, Quarantined>();
    const touched = events.flatMap((event) => this.#keysOf(event) ?? []);
    await this.#load(new Set(touched), documents);
    const cellsNeeded: {
      event: RecordedEvent;
      changes: (readonly [string, Held | undefined, Held | undefined])[];
    }[] = [];
    for (const event of events) {
      if (quarantined.has(event.stream) || isQuarantined(event.stream)) continue;
      if (this.#breath.isDue) await this.#breath.take();
      try {
        const changes = this.#react(event);
        for (const [key, , next] of changes) this.#now.set(key, next);
        if (changes.length > 0) cellsNeeded.push({ event, changes });
      } catch (error) {
        quarantined.set(event.stream, {
          stream: event.stream,
          position: event.position,
          error: error instanceof Error ? error.message : String(error),
        });
      }
    }
    for (const { event, changes } of cellsNeeded) {
      if (this.#breath.isDue) await this.#breath.take();
      this.#keepPast(event, changes);
    }
    if (this.#projection.counted) await this.#count(cellsNeeded, documents);
    return [...quarantined.values()];
  }

  #keysOf(event: RecordedEvent): readonly string[] | undefined {
    const reaction = this.#projection.on[event.type];
    if (!reaction || event.unreadable) return undefined;
    try {
      const keys = reaction.key(event);
      return typeof keys === 'string' ? [keys] : keys;
    } catch {
      return undefined;
    }
  }

  #react(event: RecordedEvent): (readonly [string, Held | undefined, Held | undefined])[] {
    const reaction = this.#projection.on[event.type];
    if (event.unreadable) throw new Error(event.unreadable);
    if (!reaction) return [];
    const keys = reaction.key(event);
    const changes: (readonly [string, Held | undefined, Held | undefined])[] = [];
    for (const key of typeof keys === 'string' ? [keys] : keys) {
      const held = this.#now.get(key);
      const body = reaction.to(held?.body, event, key) as Body | null;
      if (body === held?.body || (body === null && !held)) continue;
      changes.push([key, held, body === null ? undefined : { body, from: event.position, event: event.id }]);
    }
    return changes;
  }

  #keepPast(
    event: RecordedEvent,
    changes: readonly (readonly [string, Held | undefined, Held | undefined])[],
  ): void {
    if (this.#projection.immutable) return;
    for (const [key, held] of changes)
      if (held)
        this.#past.push({
          _id: `${key}@${held.from}`,
          ...held.body,
          ...derivedOfPast(this.#projection, held.body, this.#cellOf(held)),
          _key: key,
          _from: held.from,
          _event: held.event,
          _to: event.position,
        });
  }

  async #load(keys: ReadonlySet<string>, documents: Documents): Promise<void> {
    if (keys.size === 0 || this.#projection.immutable) return;
    const ids = [...keys];
    const live = documents.collection<Version>(this.#names.live);
    for await (const some of this.#inPieces(ids))
      for (const version of await live.find({ _id: { $in: some } } as never).toArray())
        this.#hold(version._id, version);
    if (this.#torn) await this.#loadAsOfCheckpoint(ids, documents);
  }

  /**
   * A store without transactions may hold documents newer than the checkpoint, or have lost what was removed after
   * it: go back to what was current there.
   */
  async #loadAsOfCheckpoint(keys: readonly string[], documents: Documents): Promise<void> {
    const doubtful = keys.filter((key) => !((this.#before.get(key)?.from ?? Infinity) <= this.#checkpoint));
    if (doubtful.length === 0) return;
    const found = await documents
      .collection<PastVersion>(this.#names.past)
      .find({
        _key: { $in: doubtful },
        _from: { $lte: this.#checkpoint },
        _to: { $gt: this.#checkpoint },
      } as never)
      .toArray();
    for (const key of doubtful) {
      if (this.#before.has(key)) this.#stale.add(key);
      this.#before.set(key, undefined);
      this.#now.set(key, undefined);
    }
    for (const version of found) {
      this.#stale.add(version._key);
      this.#hold(version._key, version);
    }
  }

  #hold(key: string, version: Version): void {
    const { _id, _from, _event, _key, _to, _cell, _initials, ...body } = version as PastVersion;
    const held: Held = { body, from: _from, event: _event };
    this.#before.set(key, held);
    this.#now.set(key, held);
  }

  async #count(
    changed: readonly {
      event: RecordedEvent;
      changes: readonly (readonly [string, Held | undefined, Held | undefined])[];
    }[],
    documents: Documents,
  ): Promise<void> {
    const deltas: { position: number; cell: Omit<Cell, 'n' | 'at'>; by: number }[] = [];
    for (const { event, changes } of changed)
      for (const [, before, after] of changes) {
        const [from, to] = [before, after].map((held) => held && this.#cellOf(held));
        if (from?._id === to?._id) continue;
        if (from) deltas.push({ position: event.position, cell: from, by: -1 });
        if (to) deltas.push({ position: event.position, cell: to, by: 1 });
      }
    if (deltas.length === 0) return;
    const ids = [...new Set(deltas.map(({ cell }) => cell._id))];
    const stored = await this.#storedCounts(ids, documents);
    const counts = new Map<string, PastCount>();
    for (const { position, cell, by } of deltas) {
      const n = (this.#cells.get(cell._id)?.n ?? stored.get(cell._id) ?? 0) + by;
      this.#cells.set(cell._id, { ...cell, n, at: position });
      counts.set(`${cell._id}@${position}`, { _id: `${cell._id}@${position}`, cell: cell._id, position, n });
    }
    if (!this.#projection.immutable) this.#counts.push(...counts.values());
  }

  async #storedCounts(ids: readonly string[], documents: Documents): Promise<ReadonlyMap<string, number>> {
    const cells = documents.collection<Cell>(this.#names.cells);
    const stored = new Map<string, number>();
    for await (const some of this.#inPieces(ids))
      for (const cell of await cells.find({ _id: { $in: some } } as never).toArray()) {
        if (cell.at <= this.#checkpoint) stored.set(cell._id, cell.n);
        else stored.set(cell._id, await this.#countAsOfCheckpoint(cell, documents));
      }
    return stored;
  }

  async #countAsOfCheckpoint({ _id, scope, values }: Cell, documents: Documents): Promise<number> {
    if (this.#projection.immutable) {
      const shown = {
        [String(this.#projection.counted?.scope)]: scope,
        ...values,
        _from: { $lte: this.#checkpoint },
      };
      return documents.collection<Version>(this.#names.live).countDocuments(shown as never);
    }
    const counts = documents.collection<PastCount>(this.#names.counts);
    const upTo = { cell: _id, position: { $lte: this.#checkpoint } };
    return (await counts.findOne(upTo as never, { sort: { position: -1 } }))?.n ?? 0;
  }

  /** Counts and past versions first, current documents last: what a crash leaves is told by the checkpoint. */
  async write(documents: Documents): Promise<void> {
    const add = this.#torn ? put : insert;
    for await (const some of this.#inPieces(this.#counts))
      await add(documents.collection<PastCount>(this.#names.counts), some);
    for await (const some of this.#inPieces([...this.#cells.values()]))
      await put(documents.collection<Cell>(this.#names.cells), some);
    for await (const some of this.#inPieces(this.#past))
      await add(documents.collection<PastVersion>(this.#names.past), some);
    const operations: AnyBulkWriteOperation<Version>[] = [];
    for (const [key, held] of this.#now) {
      if (this.#breath.isDue) await this.#breath.take();
      if (held === this.#before.get(key) && !this.#stale.has(key)) continue;
      if (held === undefined) operations.push({ deleteOne: { filter: { _id: key } as never } });
      else if (this.#isNew(key))
        operations.push({
          insertOne: {
            document: { _id: key, ...this.#stored(held) } as never,
          },
        });
      else
        operations.push({
          replaceOne: {
            filter: { _id: key } as never,
            replacement: this.#stored(held) as never,
            upsert: true,
          },
        });
    }
    for await (const some of this.#inPieces(operations))
      await documents.collection<Version>(this.#names.live).bulkWrite(some);
  }

  async *#inPieces<One>(all: readonly One[]): AsyncGenerator<readonly One[]> {
    for (let from = 0; from < all.length; from += PIECE) {
      if (this.#breath.isDue) await this.#breath.take();
      yield all.slice(from, from + PIECE);
    }
  }

  #stored(held: Held): object {
    const derived = derivedOf(this.#projection, held.body, this.#cellOf(held));
    return { ...held.body, ...derived, _from: held.from, _event: held.event };
  }

  #cellOf(held: Held): CellOfDocument | undefined {
    held.cell ??= cellOf(this.#projection, held.body);
    return held.cell;
  }

  /** Known to be absent; documents that never change are not looked up. */
  #isNew(key: string): boolean {
    return !this.#torn && !this.#projection.immutable && !this.#before.has(key);
  }
}

const insert = async <T extends StoredDocument>(
  collection: Collection<T>,
  documents: readonly T[],
): Promise<void> => {
  if (documents.length === 0) return;
  await collection.bulkWrite(documents.map((document) => ({ insertOne: { document: document as never } })));
};

const put = async <T extends StoredDocument>(
  collection: Collection<T>,
  documents: readonly T[],
): Promise<void> => {
  if (documents.length === 0) return;
  const operations = documents.map(({ _id, ...replacement }) => ({
    replaceOne: { filter: { _id } as never, replacement: replacement as never, upsert: true },
  }));
  await collection.bulkWrite(operations);
};
