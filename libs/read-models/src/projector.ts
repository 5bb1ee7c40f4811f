import { pause, Waiting } from '#clock';
import type { EventStore } from '#event-store';
import type { IndexSpec, Projection, RecordedEvent } from '#kernel';
import { collectionsOf, Fold, type Quarantined } from './fold.ts';
import { documentsAbout, dropDocuments, tellAnew } from './forgetting.ts';
import type { DocumentStore, Documents, StoredDocument } from './port.ts';

// biome-ignore lint/suspicious/noExplicitAny: a registry holds projections of every document type.
export type AnyProjection = Projection<any, any>;

export interface Progress extends StoredDocument {
  readonly position: number;
}

/** Which collections serve a projection, and which are being filled beside them. */
export interface Build extends StoredDocument {
  readonly version: number;
  readonly build: number;
  /** How far it is while it is filled, or where it was left behind by a newer version; null: level with the log. */
  readonly position: number | null;
  /** It is written and not read yet: its indexes are made when it is level with the log. */
  readonly bare?: true;
}

export interface QuarantinedStream extends StoredDocument, Quarantined {
  readonly projection: string;
}

export interface ProjectionHealth {
  readonly name: string;
  readonly version: number;
  readonly position: number;
  /** Events that are in the log and not yet in this read model. */
  readonly behind: boolean;
  readonly building: boolean;
  readonly quarantined: readonly Quarantined[];
}

export interface ProjectorObserver {
  /** After each batch: the read models show everything up to here. */
  progressed(position: number): void;
  quarantined(projection: string, stream: Quarantined): void;
  /** The store or the log is away; it is tried again. */
  interrupted(error: Error): void;
}

export const LIVE = 'live';
/** Under load a batch begins at the earliest this long after the one before: one transaction for many events. */
const BREATH_MS = 25;
/** Events within two breaths that make it load; a lone command is shown at once. */
const LOAD = 100;
const BUILD_BATCH = 2_000;
const BUSY_BATCH = 250;
/** Documents that are told anew in one turn. */
const ANEW = 250;
/** So many events in the log, and first builds are made bare. */
const MANY_EVENTS = 1_000;
export const SERVED = (name: string) => `served:${name}`;
const FILLING = (name: string) => `filling:${name}`;

/**
 * The one ordered follower: runs every projection over the log, batch by batch, documents and checkpoint in one
 * transaction. Resumes from its checkpoint; never skips silently: a stream whose event cannot be applied is
 * quarantined in that projection until it is rebuilt.
 */
export class Projector {
  readonly #events: EventStore;
  readonly #documents: DocumentStore;
  readonly #projections: readonly AnyProjection[];
  readonly #observer: ProjectorObserver;
  readonly #abort = new AbortController();
  readonly #served = new Map<string, Build>();
  readonly #filling = new Map<string, Build>();
  readonly #quarantine = new Map<string, QuarantinedStream>();
  readonly #waiting = new Waiting();
  #muchToRead: Promise<boolean> | undefined;
  #started = false;
  #position = 0;
  #caughtUp = false;
  /** Grows with every erasure: what was read before one is not put into a build after it. */
  #erasures = 0;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #retireAfterMs: number;
  readonly #retiring = new Set<Promise<void>>();
  #following: Promise<void> = Promise.resolve();
  readonly #fillings = new Map<string, Promise<void>>();

  constructor(
    events: EventStore,
    documents: DocumentStore,
    projections: readonly AnyProjection[],
    observer: ProjectorObserver,
    { retireAfterMs = 0 }: { readonly retireAfterMs?: number } = {},
  ) {
    this.#retireAfterMs = retireAfterMs;
    this.#events = events;
    this.#documents = documents;
    this.#projections = projections;
    this.#observer = observer;
  }

  /** Position that every read model shows; -1 before the first builds are complete. */
  get position(): number {
    return Math.min(...this.#projections.map(({ name }) => this.positionOf(name)));
  }

  /** The build that serves a projection now; undefined until the first one is complete. */
  served(name: string): string | undefined {
    const build = this.#served.get(name);
    return build && !build.bare ? buildName(name, build) : undefined;
  }

  async start(): Promise<void> {
    await this.#restore();
    await this.#dropLeftovers();
    this.#started = true;
    this.#following = this.#followLive();
    for (const name of this.#filling.keys()) void this.#startFilling(name);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#waiting.wake();
    await Promise.all([this.#following, ...this.#fillings.values()]);
    await Promise.all(this.#retiring);
    await this.#turn;
  }

  async #restore(): Promise<void> {
    const progress = await this.#documents.collection<Progress>('progress').findOne({ _id: LIVE });
    this.#position = progress?.position ?? 0;
    await this.#documents.ensureIndexes('quarantine', [{ projection: 1 }]);
    for (const document of await this.#documents
      .collection<QuarantinedStream>('quarantine')
      .find({})
      .toArray())
      this.#quarantine.set(document._id, document);
    const builds = this.#documents.collection<Build>('builds');
    for (const { name, version } of this.#projections) {
      const served = await builds.findOne({ _id: SERVED(name) });
      const filling = await this.#unfinished(name, served);
      if (served) await this.#serve(name, version, served);
      if (served?.version === version && served.position === null && !filling)
        await this.#prepare(name, served);
      else if (filling?.version === version) await this.#beginFilling(name, filling);
      else if (this.#position === 0 && !served) await this.#serveFromStart(name, version);
      else await this.#fillAnew(name, version, filling);
    }
  }

  /** A switch that a crash cut off may have left the record of a filling that is served already. */
  async #unfinished(name: string, served: Build | null): Promise<Build | undefined> {
    const builds = this.#documents.collection<Build>('builds');
    const filling = await builds.findOne({ _id: FILLING(name) });
    if (!filling) return undefined;
    if (!served || buildName(name, served) !== buildName(name, filling)) return filling;
    await builds.deleteOne({ _id: FILLING(name) });
    return undefined;
  }

  /** Never into collections that are served, and never onto what another release has left half filled. */
  async #fillAnew(name: string, version: number, abandoned: Build | undefined): Promise<void> {
    const served = this.#served.get(name);
    const build = served?.version === version ? served.build + 1 : 1;
    const fresh: Build = { _id: FILLING(name), version, build, position: 0, bare: true };
    if (abandoned) await this.#dropBuild(buildName(name, abandoned));
    await this.#dropBuild(buildName(name, fresh));
    await this.#beginFilling(name, fresh);
  }

  /** A build of an older version is served as it was left: its reducers are gone. */
  async #serve(name: string, version: number, stored: Build): Promise<void> {
    const left = stored.version !== version && stored.position === null;
    const build = left ? { ...stored, position: this.#position } : stored;
    if (left) await save(this.#documents, build);
    this.#served.set(name, build);
  }

  async #serveFromStart(name: string, version: number): Promise<void> {
    const first: Build = { _id: SERVED(name), version, build: 1, position: null };
    const build: Build = (await this.#hasMuchToRead()) ? { ...first, bare: true } : first;
    await this.#prepare(name, build);
    await save(this.#documents, build);
    this.#served.set(name, build);
  }

  /** Counted: not every store's positions do. */
  async #hasMuchToRead(): Promise<boolean> {
    this.#muchToRead ??= (async () => {
      let seen = 0;
      for await (const batch of this.#events.readAll({ batchSize: MANY_EVENTS })) {
        seen += batch.length;
        if (seen >= MANY_EVENTS) return true;
      }
      return false;
    })();
    return this.#muchToRead;
  }

  async #beginFilling(name: string, build: Build): Promise<void> {
    await this.#prepare(name, build);
    await save(this.#documents, build);
    this.#filling.set(name, build);
  }

  async #prepare(name: string, build: Build): Promise<void> {
    const projection = this.#named(name);
    const { live, past, cells, counts } = collectionsOf(buildName(name, build));
    const ensure = (collection: string, indexes: readonly IndexSpec[]) =>
      this.#documents.ensureIndexes(collection, indexes, { later: build.bare });
    const byCell = projection.counted?.inOrderOf?.map((field): IndexSpec => ({ _cell: 1, [field]: 1 })) ?? [];
    const indexes = [...projection.indexes, ...byCell];
    await ensure(live, inPages(indexes, '_id'));
    if (!projection.immutable) await ensure(past, [{ _key: 1, _from: 1 }, ...inPages(indexes, '_key')]);
    await ensure(cells, [{ scope: 1 }]);
    if (!projection.immutable) await ensure(counts, [{ cell: 1, position: 1 }]);
  }

  async #withIndexes(name: string, { bare: _, ...build }: Build): Promise<Build> {
    await this.#prepare(name, build);
    return build;
  }

  #named(name: string): AnyProjection {
    const projection = this.#projections.find((candidate) => candidate.name === name);
    if (!projection) throw new Error(`there is no projection ${name}`);
    return projection;
  }

  /** One batch at a time, whoever brings it. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #followLive(): Promise<void> {
    let recent = 0;
    let since = 0;
    while (!this.#abort.signal.aborted) {
      try {
        const following = this.#events.follow({
          after: this.#position,
          signal: this.#abort.signal,
          batchSize: BUILD_BATCH,
        });
        for await (const batch of readAhead(following)) {
          if (batch.length === 0) await this.#completeFirstBuilds();
          this.#caughtUp = batch.length === 0;
          if (batch.length === 0) continue;
          const begun = performance.now();
          recent = begun - since > 2 * BREATH_MS ? 0 : recent;
          since = recent === 0 ? begun : since;
          recent += batch.length;
          await this.#inTurn(() => this.#applyLive(batch));
          if (recent >= LOAD) await pause(BREATH_MS - (performance.now() - begun), this.#abort.signal);
        }
      } catch (error) {
        this.#caughtUp = false;
        this.#observer.interrupted(error as Error);
        await pause(250, this.#abort.signal);
        await this.#reread().catch((failure) => this.#observer.interrupted(failure));
      }
    }
  }

  async #completeFirstBuilds(): Promise<void> {
    for (const [name, build] of this.#served) {
      if (!build.bare) continue;
      const complete = await this.#withIndexes(name, build);
      await save(this.#documents, complete);
      this.#served.set(name, complete);
      this.#waiting.wake();
    }
  }

  /** Whether the last transaction took effect may be unknown, or another process may have moved on. */
  async #reread(): Promise<void> {
    const progress = await this.#documents.collection<Progress>('progress').findOne({ _id: LIVE });
    this.#progressed(progress?.position ?? 0);
  }

  #progressed(position: number): void {
    if (position <= this.#position) return;
    this.#position = position;
    this.#observer.progressed(position);
    this.#waiting.wake();
  }

  async #applyLive(batch: readonly RecordedEvent[]): Promise<void> {
    const position = batch.at(-1)?.position as number;
    const found = await this.#documents.transaction(async (documents) => {
      const all: QuarantinedStream[] = [];
      for (const [name, build] of this.#served)
        if (build.position === null)
          all.push(...(await this.#fold(name, build, batch, this.#position, documents)));
      await advance(documents, this.#position, position);
      return all;
    });
    this.#remember(found);
    this.#progressed(position);
  }

  async #fold(
    name: string,
    build: Build,
    batch: readonly RecordedEvent[],
    checkpoint: number,
    documents: Documents,
  ): Promise<QuarantinedStream[]> {
    const projection = this.#named(name);
    const relevant = batch.filter((event) => event.unreadable || projection.on[event.type]);
    if (relevant.length === 0) return [];
    const buildId = buildName(name, build);
    const fold = new Fold(projection, buildId, checkpoint, !this.#documents.transactional);
    const found = await fold.apply(relevant, documents, (stream) =>
      this.#quarantine.has(`${buildId}/${stream}`),
    );
    await fold.write(documents);
    const quarantined = found.map((stream) => ({
      ...stream,
      _id: `${buildId}/${stream.stream}`,
      projection: name,
    }));
    for (const { _id, ...stream } of quarantined)
      await documents
        .collection<QuarantinedStream>('quarantine')
        .replaceOne({ _id }, stream, { upsert: true });
    return quarantined;
  }

  #remember(found: readonly QuarantinedStream[]): void {
    for (const stream of found) {
      this.#quarantine.set(stream._id, stream);
      this.#observer.quarantined(stream.projection, stream);
    }
  }

  /** Fills a build beside the served one; the last batch, the switch and the live position are one step. */
  async #fill(name: string): Promise<void> {
    let busy = false;
    while (!this.#abort.signal.aborted) {
      try {
        const build = this.#filling.get(name);
        if (!build) return;
        const erasures = this.#erasures;
        const reading = this.#events.readAll({
          after: build.position ?? 0,
          batchSize: busy ? BUSY_BATCH : BUILD_BATCH,
        });
        for await (const batch of readAhead(reading)) {
          if (this.#abort.signal.aborted) return;
          const [begun, live] = [performance.now(), this.#position];
          if (!(await this.#inTurn(() => this.#applyFilling(name, batch, erasures)))) break;
          // Somebody is writing: small steps, and three quarters of the time are theirs.
          const moved = this.#position !== live;
          if (moved) await pause(3 * (performance.now() - begun), this.#abort.signal);
          if (moved === busy) continue;
          busy = moved;
          break;
        }
        if (await this.#inTurn(() => this.#switchWhenLevel(name))) return;
        // Beside live batches, not instead of them.
        const read = this.#filling.get(name);
        if (read?.bare) this.#filling.set(name, await this.#withIndexes(name, read));
      } catch (error) {
        this.#observer.interrupted(error as Error);
        await pause(250, this.#abort.signal);
      }
    }
  }

  /** @returns whether it took the whole batch: what is beyond the live position must be read again. */
  async #applyFilling(name: string, batch: readonly RecordedEvent[], erasures: number): Promise<boolean> {
    if (erasures !== this.#erasures) return false;
    const build = this.#filling.get(name) as Build;
    const upTo = batch.filter(({ position }) => position <= this.#position);
    const position = upTo.at(-1)?.position;
    if (position === undefined) return false;
    const next = { ...build, position };
    const found = await this.#documents.transaction(async (documents) => {
      const quarantined = await this.#fold(name, build, upTo, build.position ?? 0, documents);
      await save(documents, next);
      return quarantined;
    });
    this.#remember(found);
    this.#filling.set(name, next);
    return upTo.length === batch.length;
  }

  async #switchWhenLevel(name: string): Promise<boolean> {
    const build = this.#filling.get(name) as Build;
    const level =
      (build.position ?? 0) === this.#position || (await this.#nothingBetween(build.position ?? 0));
    if (!level) return false;
    if (build.bare) return false;
    const served: Build = { ...build, _id: SERVED(name), position: null };
    const before = this.#served.get(name);
    await this.#documents.transaction(async (documents) => {
      await save(documents, served);
      await documents.collection<Build>('builds').deleteOne({ _id: FILLING(name) });
    });
    this.#served.set(name, served);
    this.#filling.delete(name);
    if (before && buildName(name, before) !== buildName(name, served))
      await this.#retire(buildName(name, before));
    this.#waiting.wake();
    return true;
  }

  /** Readers that began with the old build, here or in another process, finish with it before it goes. */
  async #retire(build: string): Promise<void> {
    if (this.#retireAfterMs === 0) return this.#dropBuild(build);
    const retired = pause(this.#retireAfterMs, this.#abort.signal)
      .then(() => this.#inTurn(() => this.#dropBuild(build)))
      .catch((error) => this.#observer.interrupted(error))
      .finally(() => this.#retiring.delete(retired));
    this.#retiring.add(retired);
  }

  /** What a crash kept from being dropped. */
  async #dropLeftovers(): Promise<void> {
    const builds = [...this.#served, ...this.#filling].map(([name, build]) => buildName(name, build));
    const kept = new Set(builds.flatMap((build) => Object.values(collectionsOf(build))));
    for (const name of await this.#documents.names())
      if (!kept.has(name) && this.#projections.some((projection) => isBuildOf(projection.name, name)))
        await this.#documents.drop(name);
  }

  async #nothingBetween(position: number): Promise<boolean> {
    for await (const batch of this.#events.readAll({ after: position, batchSize: 1 }))
      return (batch[0]?.position ?? 0) > this.#position;
    return true;
  }

  async #dropBuild(build: string): Promise<void> {
    for (const collection of Object.values(collectionsOf(build))) await this.#documents.drop(collection);
    const quarantine = this.#documents.collection<QuarantinedStream>('quarantine');
    for (const id of [...this.#quarantine.keys()].filter((key) => key.startsWith(`${build}/`))) {
      await quarantine.deleteOne({ _id: id });
      this.#quarantine.delete(id);
    }
  }

  /** False in a process whose read models a worker keeps. */
  get isStarted(): boolean {
    return this.#started;
  }

  /** Fills the projection anew from the start of the log and then serves that; lifts its quarantine. */
  async rebuild(name: string): Promise<void> {
    if (!this.#started) throw new Error('the projector of this process is not started');
    const { version } = this.#named(name);
    const underWay = this.#fillings.get(name);
    if (underWay) return underWay;
    await this.#startFilling(name, () => this.#inTurn(() => this.#fillAnew(name, version, undefined)));
  }

  /**
   * Makes every read model what a rebuild would make of it now that nobody can read who `person` was: their documents
   * are told anew. Everything that was read while it could still be read is at or before `position`.
   */
  async erase(person: string, position: number, patience: number): Promise<boolean> {
    const given = AbortSignal.any([AbortSignal.timeout(patience), this.#abort.signal]);
    if (!(await this.#waiting.until(() => this.#position >= position, given))) return false;
    this.#erasures += 1;
    // A build that becomes the served one meanwhile is then told anew twice, never not at all.
    for (const projection of this.#projections)
      for (const builds of [this.#filling, this.#served])
        await this.#eraseIn(projection, () => builds.get(projection.name), person);
    return true;
  }

  async #eraseIn(projection: AnyProjection, current: () => Build | undefined, person: string): Promise<void> {
    const found = current();
    if (!found) return;
    const build = buildName(projection.name, found);
    const keys = await documentsAbout(projection, build, person, this.#documents);
    for (let from = 0; from < keys.length; from += ANEW) {
      const some = keys.slice(from, from + ANEW);
      await this.#inTurn(() =>
        this.#documents.transaction((documents) =>
          found.version === projection.version
            ? tellAnew(projection, build, some, documents, (at) => this.#events.at(at))
            : dropDocuments(build, some, documents),
        ),
      );
    }
  }

  #startFilling(name: string, prepare = async (): Promise<void> => {}): Promise<void> {
    const filled = prepare()
      .then(() => this.#fill(name))
      .finally(() => this.#fillings.delete(name));
    this.#fillings.set(name, filled);
    return filled;
  }

  /** Position that one read model shows; -1 before its first build is complete. */
  positionOf(name: string): number {
    const build = this.#served.get(name);
    return build && !build.bare ? (build.position ?? this.#position) : -1;
  }

  /** True when every read model shows everything up to the position; false after the given time. */
  async waitFor(position: number, milliseconds: number, names?: readonly string[]): Promise<boolean> {
    const shown = () =>
      (names ? Math.min(...names.map((name) => this.positionOf(name))) : this.position) >= position;
    if (shown()) return true;
    const given = AbortSignal.any([AbortSignal.timeout(milliseconds), this.#abort.signal]);
    return this.#waiting.until(shown, given);
  }

  health(): ProjectionHealth[] {
    return this.#projections.map(({ name, version }) => {
      const build = this.#filling.get(name);
      return {
        name,
        version,
        position: build?.position ?? this.#position,
        behind: !this.#caughtUp,
        building: build !== undefined,
        quarantined: [...this.#quarantine.values()]
          .filter(({ projection }) => projection === name)
          .map(({ stream, position, error }) => ({ stream, position, error })),
      };
    });
  }
}

/** While much is to be read, the next batch is read while one is written. */
async function* readAhead(
  batches: AsyncIterable<readonly RecordedEvent[]>,
): AsyncGenerator<readonly RecordedEvent[]> {
  const reading = batches[Symbol.asyncIterator]();
  let next = reading.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      const ahead = value.length >= BUILD_BATCH ? reading.next() : undefined;
      ahead?.catch(() => undefined);
      yield value;
      next = ahead ?? reading.next();
    }
  } finally {
    reading.return?.().catch(() => undefined);
  }
}

const isBuildOf = (projection: string, collection: string): boolean =>
  collection.startsWith(`${projection}-`) && /^\d/.test(collection.slice(projection.length + 1));

/** Pages break ties by the document's key, so an index that carries it last needs no sorting. */
const inPages = (indexes: readonly IndexSpec[], key: '_id' | '_key'): IndexSpec[] =>
  indexes.map((index) => ({ ...index, [key]: Object.values(index).at(-1) ?? 1 }));

export const buildName = (name: string, { version, build }: Build): string =>
  build === 1 ? `${name}-${version}` : `${name}-${version}.${build}`;

const save = async (documents: Documents, { _id, ...build }: Build): Promise<void> => {
  await documents.collection<Build>('builds').replaceOne({ _id }, build, { upsert: true });
};

/**
 * Compare and set: a second worker that has moved the checkpoint wins, and this batch is not written. What is no
 * longer as it was read is inserted a second time and refused, so the batch and its checkpoint travel together.
 */
const advance = async (documents: Documents, from: number, to: number): Promise<void> => {
  const progress = documents.collection<Progress>('progress');
  const found = await progress.findOne({ _id: LIVE });
  if ((found?.position ?? 0) !== from) throw new CheckpointMoved();
  const filter = { _id: LIVE, position: from };
  await progress.bulkWrite([{ updateOne: { filter, update: { $set: { position: to } }, upsert: true } }]);
};

class CheckpointMoved extends Error {
  override readonly name = 'CheckpointMoved';
  constructor() {
    super('another process has moved the checkpoint of the read models');
  }
}
