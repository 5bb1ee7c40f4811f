import { Breath, pause, Waiting } from '#clock';
import type { EventStore } from '#event-store';
import type { Projection, RecordedEvent } from '#kernel';
import { type Build, Builds, buildName, isReadable, save } from './builds.ts';
import { advance, progressOf } from './checkpoint.ts';
import { Fold, type Quarantined } from './fold.ts';
import { documentsAbout, dropDocuments, tellAnew } from './forgetting.ts';
import type { DocumentStore, Documents } from './port.ts';
import { Quarantine, type QuarantinedStream } from './quarantine.ts';
import { readAhead } from './read-ahead.ts';

// biome-ignore lint/suspicious/noExplicitAny: a registry holds projections of every document type.
export type AnyProjection = Projection<any, any>;

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

export interface ProjectorOptions {
  /** How long a build that is served no more is kept for whoever still reads it. */
  readonly retireAfterMs?: number;
  /** Position of the log from which on, at a first start, bulky read models are filled when the others are readable. */
  readonly bulkyLastFrom?: number;
}

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
/** From this position on, where positions count events, not all documents find room in what SQLite maps of a file. */
const BULKY_LAST_FROM = 200_000;
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
  readonly #quarantine = new Quarantine();
  readonly #builds: Builds;
  readonly #waiting = new Waiting();
  #long: Promise<boolean> | undefined;
  #started = false;
  #position = 0;
  #caughtUp = false;
  /** Grows with every erasure: what was read before one is not put into a build after it. */
  #erasures = 0;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #retireAfterMs: number;
  /** Builds that nobody begins to read any more. */
  readonly #retiring = new Map<string, Promise<void>>();
  #following: Promise<void> = Promise.resolve();
  readonly #fillings = new Map<string, Promise<void>>();

  constructor(
    events: EventStore,
    documents: DocumentStore,
    projections: readonly AnyProjection[],
    observer: ProjectorObserver,
    { retireAfterMs = 0, bulkyLastFrom = BULKY_LAST_FROM }: ProjectorOptions = {},
  ) {
    this.#retireAfterMs = retireAfterMs;
    this.#events = events;
    this.#documents = documents;
    this.#projections = projections;
    this.#observer = observer;
    this.#builds = new Builds(documents, projections, this.#quarantine, {
      isLong: () => this.#isLong(),
      isVeryLong: async () => (await events.head()) >= bulkyLastFrom,
    });
  }

  /** Position that every read model shows; -1 before there are builds that can be read. */
  get position(): number {
    return Math.min(...this.#projections.map(({ name }) => this.positionOf(name)));
  }

  /** The build that serves a projection now; undefined until there is one that can be read. */
  served(name: string): string | undefined {
    const build = this.#readable(name);
    return build && buildName(name, build);
  }

  async start(): Promise<void> {
    this.#position = await progressOf(this.#documents);
    await this.#builds.restore(this.#position);
    await this.#builds.dropLeftovers();
    this.#started = true;
    this.#following = this.#followLive();
    for (const name of this.#builds.filling.keys())
      void this.#startFilling(name, () =>
        this.#waiting.until(() => this.#builds.areReadable, this.#abort.signal),
      );
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#waiting.wake();
    await Promise.all([this.#following, ...this.#fillings.values()]);
    await Promise.all(this.#retiring.values());
    await this.#turn;
  }

  /** Counted: not every store's positions do. */
  async #isLong(): Promise<boolean> {
    this.#long ??= (async () => {
      let seen = 0;
      for await (const batch of this.#events.readAll({ batchSize: MANY_EVENTS })) {
        seen += batch.length;
        if (seen >= MANY_EVENTS) return true;
      }
      return false;
    })();
    return this.#long;
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
        for await (const batch of readAhead(following, BUILD_BATCH)) {
          if (batch.length === 0)
            await this.#builds.completeFirst(this.#abort.signal, (work) =>
              this.#inTurn(work).then(() => this.#waiting.wake()),
            );
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

  /** Whether the last transaction took effect may be unknown, or another process may have moved on. */
  async #reread(): Promise<void> {
    this.#progressed(await progressOf(this.#documents));
  }

  #progressed(position: number): void {
    if (position <= this.#position) return;
    this.#position = position;
    this.#observer.progressed(position);
    this.#waiting.wake();
  }

  async #applyLive(batch: readonly RecordedEvent[]): Promise<void> {
    const position = batch.at(-1)?.position as number;
    const breath = new Breath();
    const found = await this.#documents.transaction(async (documents) => {
      const all: QuarantinedStream[] = [];
      for (const [name, build] of this.#builds.served)
        if (build.position === null)
          all.push(...(await this.#fold(name, build, batch, this.#position, documents, breath)));
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
    breath = new Breath(),
  ): Promise<QuarantinedStream[]> {
    const projection = this.#builds.named(name);
    const relevant = batch.filter((event) => event.unreadable || projection.on[event.type]);
    if (relevant.length === 0) return [];
    const buildId = buildName(name, build);
    const fold = new Fold(projection, buildId, checkpoint, !this.#documents.transactional, breath);
    const found = await fold.apply(relevant, documents, (stream) => this.#quarantine.has(buildId, stream));
    await fold.write(documents);
    return this.#quarantine.keep(documents, name, buildId, found);
  }

  #remember(found: readonly QuarantinedStream[]): void {
    for (const stream of found) {
      this.#quarantine.remember(stream);
      this.#observer.quarantined(stream.projection, stream);
    }
  }

  /** Fills a build beside the served one; the last batch, the switch and the live position are one step. */
  async #fill(name: string): Promise<void> {
    let busy = false;
    while (!this.#abort.signal.aborted) {
      try {
        const build = this.#builds.filling.get(name);
        if (!build) return;
        const erasures = this.#erasures;
        const reading = this.#events.readAll({
          after: build.position ?? 0,
          batchSize: busy ? BUSY_BATCH : BUILD_BATCH,
        });
        for await (const batch of readAhead(reading, BUILD_BATCH)) {
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
        const read = this.#builds.filling.get(name);
        if (read?.bare) this.#builds.filling.set(name, await this.#builds.withIndexes(name, read));
      } catch (error) {
        this.#observer.interrupted(error as Error);
        await pause(250, this.#abort.signal);
      }
    }
  }

  /** @returns whether it took the whole batch: what is beyond the live position must be read again. */
  async #applyFilling(name: string, batch: readonly RecordedEvent[], erasures: number): Promise<boolean> {
    if (erasures !== this.#erasures) return false;
    const build = this.#builds.filling.get(name) as Build;
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
    this.#builds.filling.set(name, next);
    return upTo.length === batch.length;
  }

  async #switchWhenLevel(name: string): Promise<boolean> {
    const build = this.#builds.filling.get(name) as Build;
    const level =
      (build.position ?? 0) === this.#position || (await this.#nothingBetween(build.position ?? 0));
    if (!level) return false;
    if (build.bare) return false;
    const before = await this.#builds.switch(name);
    if (before) await this.#retire(buildName(name, before));
    this.#waiting.wake();
    return true;
  }

  /** Readers that began with the old build, here or in another process, finish with it before it goes. */
  async #retire(build: string): Promise<void> {
    if (this.#retireAfterMs === 0) return this.#builds.drop(build);
    const retired = pause(this.#retireAfterMs, this.#abort.signal)
      .then(() => this.#inTurn(() => this.#builds.drop(build)))
      .catch((error) => this.#observer.interrupted(error))
      .finally(() => this.#retiring.delete(build));
    this.#retiring.set(build, retired);
  }

  async #nothingBetween(position: number): Promise<boolean> {
    for await (const batch of this.#events.readAll({ after: position, batchSize: 1 }))
      return (batch[0]?.position ?? 0) > this.#position;
    return true;
  }

  /** False in a process whose read models a worker keeps. */
  get isStarted(): boolean {
    return this.#started;
  }

  /** Fills the projection anew from the start of the log and then serves that; lifts its quarantine. */
  async rebuild(name: string): Promise<void> {
    if (!this.#started) throw new Error('the projector of this process is not started');
    const { version } = this.#builds.named(name);
    const underWay = this.#fillings.get(name);
    if (underWay) return underWay;
    await this.#startFilling(name, () => this.#inTurn(() => this.#builds.fillAnew(name, version, undefined)));
  }

  /**
   * Makes every read model what a rebuild would make of it now that nobody can read who `person` was: their documents
   * are told anew. Everything that was read while it could still be read is at or before `position`.
   */
  async erase(person: string, position: number, patience: number): Promise<boolean> {
    if (!(await this.#waiting.until(() => this.#position >= position, this.#abort.signal, patience)))
      return false;
    this.#erasures += 1;
    // What a build is being filled with just now was read before.
    await this.#turn;
    // A build that becomes the served one meanwhile is then told anew twice, never not at all.
    for (const projection of this.#projections)
      for (const builds of [this.#builds.filling, this.#builds.served])
        await this.#eraseIn(projection, () => builds.get(projection.name), person);
    for (const build of this.#retiring.keys()) await this.#inTurn(() => this.#builds.drop(build));
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

  #startFilling(name: string, prepare: () => Promise<unknown> = async () => {}): Promise<void> {
    const filled = prepare()
      .then(() => this.#fill(name))
      .finally(() => this.#fillings.delete(name));
    this.#fillings.set(name, filled);
    return filled;
  }

  /** Position that one read model shows; -1 before there is a build that can be read. */
  positionOf(name: string): number {
    const build = this.#readable(name);
    return build ? (build.position ?? this.#position) : -1;
  }

  #readable(name: string): Build | undefined {
    const build = this.#builds.served.get(name);
    return build && isReadable(this.#builds.named(name), build) ? build : undefined;
  }

  /** True when every read model shows everything up to the position; false after the given time. */
  async waitFor(position: number, milliseconds: number, names?: readonly string[]): Promise<boolean> {
    const shown = () =>
      (names ? Math.min(...names.map((name) => this.positionOf(name))) : this.position) >= position;
    return this.#waiting.until(shown, this.#abort.signal, milliseconds);
  }

  health(): ProjectionHealth[] {
    return this.#projections.map(({ name, version }) => {
      const build = this.#builds.filling.get(name);
      return {
        name,
        version,
        position: build?.position ?? this.#position,
        behind: !this.#caughtUp,
        building: build !== undefined,
        quarantined: this.#quarantine.of(name),
      };
    });
  }
}
