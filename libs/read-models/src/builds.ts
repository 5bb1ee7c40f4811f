import type { IndexSpec } from '#kernel';
import { indexesOf, indexesOfPast } from './derived.ts';
import { collectionsOf } from './fold.ts';
import type { DocumentStore, Documents, StoredDocument } from './port.ts';
import type { AnyProjection } from './projector.ts';
import type { Quarantine } from './quarantine.ts';

/** Which collections serve a projection, and which are being filled beside them. */
export interface Build extends StoredDocument {
  readonly version: number;
  readonly build: number;
  /** How far it is while it is filled, or where it was left behind by a newer version; null: level with the log. */
  readonly position: number | null;
  /** It is written and not read yet: its indexes are made when it is level with the log. */
  readonly bare?: true;
}

/** It has its indexes, and what it says is what readers of this release expect. */
export const isReadable = (
  { version, since = version }: AnyProjection,
  { bare, version: built }: Build,
): boolean => !bare && built >= since;

export const SERVED = (name: string) => `served:${name}`;
const FILLING = (name: string) => `filling:${name}`;

/** What decides how read models are filled at a first start. */
export interface LogLength {
  isLong(): Promise<boolean>;
  isVeryLong(): Promise<boolean>;
}

/** Never beside a batch that is being written, nor beside a switch. */
type InTurn = (work: () => Promise<void>) => Promise<void>;

/** The collections of every projection: those that serve it, and those that are filled beside them. */
export class Builds {
  readonly served = new Map<string, Build>();
  readonly filling = new Map<string, Build>();
  readonly #documents: DocumentStore;
  readonly #projections: readonly AnyProjection[];
  readonly #quarantine: Quarantine;
  readonly #log: LogLength;

  constructor(
    documents: DocumentStore,
    projections: readonly AnyProjection[],
    quarantine: Quarantine,
    log: LogLength,
  ) {
    this.#documents = documents;
    this.#projections = projections;
    this.#quarantine = quarantine;
    this.#log = log;
  }

  /** What the store says of them, as of the position that the live ones show. */
  async restore(position: number): Promise<void> {
    await this.#documents.ensureIndexes('quarantine', [{ projection: 1 }]);
    await this.#quarantine.load(this.#documents);
    const builds = this.#documents.collection<Build>('builds');
    for (const { name, version } of this.#projections) {
      const served = await builds.findOne({ _id: SERVED(name) });
      const filling = await this.#unfinished(name, served);
      if (served) await this.#serve(name, version, served, position);
      if (served?.version === version && served.position === null && !filling)
        await this.#prepare(name, served);
      else if (filling?.version === version) await this.#beginFilling(name, filling);
      else if (position === 0 && !served) await this.#serveFromStart(name, version);
      else await this.fillAnew(name, version, filling);
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
  async fillAnew(name: string, version: number, abandoned: Build | undefined): Promise<void> {
    const served = this.served.get(name);
    const build = served?.version === version ? served.build + 1 : 1;
    const fresh: Build = { _id: FILLING(name), version, build, position: 0, bare: true };
    if (abandoned) await this.drop(buildName(name, abandoned));
    await this.drop(buildName(name, fresh));
    await this.#beginFilling(name, fresh);
  }

  /** A build of an older version is served as it was left: its reducers are gone. */
  async #serve(name: string, version: number, stored: Build, position: number): Promise<void> {
    const left = stored.version !== version && stored.position === null;
    const build = left ? { ...stored, position } : stored;
    if (left) await save(this.#documents, build);
    this.served.set(name, build);
  }

  async #serveFromStart(name: string, version: number): Promise<void> {
    const first: Build = { _id: SERVED(name), version, build: 1, position: null };
    if (this.named(name).bulky && (await this.#log.isVeryLong()))
      return this.fillAnew(name, version, undefined);
    const build: Build = (await this.#log.isLong()) ? { ...first, bare: true } : first;
    await this.#prepare(name, build);
    await save(this.#documents, build);
    this.served.set(name, build);
  }

  async #beginFilling(name: string, build: Build): Promise<void> {
    await this.#prepare(name, build);
    await save(this.#documents, build);
    this.filling.set(name, build);
  }

  async #prepare(name: string, build: Build): Promise<void> {
    const projection = this.named(name);
    const { live, past, cells, counts } = collectionsOf(buildName(name, build));
    const ensure = (collection: string, indexes: readonly IndexSpec[]) =>
      this.#documents.ensureIndexes(collection, indexes, { later: build.bare });
    await ensure(live, inPages(indexesOf(projection), '_id'));
    if (!projection.immutable)
      await ensure(past, [{ _key: 1, _from: 1 }, ...inPages(indexesOfPast(projection), '_key')]);
    await ensure(cells, [{ scope: 1 }]);
    if (!projection.immutable) await ensure(counts, [{ cell: 1, position: 1 }]);
  }

  async withIndexes(name: string, { bare: _, ...build }: Build): Promise<Build> {
    await this.#prepare(name, build);
    return build;
  }

  named(name: string): AnyProjection {
    const projection = this.#projections.find((candidate) => candidate.name === name);
    if (!projection) throw new Error(`there is no projection ${name}`);
    return projection;
  }

  /** Every build that serves has its indexes. */
  get areReadable(): boolean {
    return [...this.served.values()].every(({ bare }) => !bare);
  }

  /** One after the other; what is left when it is to stop goes on bare after the next start. */
  async completeFirst(signal: AbortSignal, inTurn: InTurn): Promise<void> {
    for (const [name, build] of this.served) {
      if (!build.bare || signal.aborted) continue;
      const complete = await this.withIndexes(name, build);
      await inTurn(() => this.#complete(name, build, complete));
    }
  }

  /** Unless a rebuild has taken its place meanwhile. */
  async #complete(name: string, build: Build, complete: Build): Promise<void> {
    if (this.served.get(name) !== build) return this.drop(buildName(name, build));
    await save(this.#documents, complete);
    this.served.set(name, complete);
  }

  /** The build that was filled serves from now on. @returns the one before it */
  async switch(name: string): Promise<Build | undefined> {
    const before = this.served.get(name);
    const served: Build = { ...(this.filling.get(name) as Build), _id: SERVED(name), position: null };
    await this.#documents.transaction(async (documents) => {
      await save(documents, served);
      await documents.collection<Build>('builds').deleteOne({ _id: FILLING(name) });
    });
    this.served.set(name, served);
    this.filling.delete(name);
    return before && buildName(name, before) !== buildName(name, served) ? before : undefined;
  }

  /** What a crash kept from being dropped. */
  async dropLeftovers(): Promise<void> {
    const builds = [...this.served, ...this.filling].map(([name, build]) => buildName(name, build));
    const kept = new Set(builds.flatMap((build) => Object.values(collectionsOf(build))));
    for (const name of await this.#documents.names())
      if (!kept.has(name) && this.#projections.some((projection) => isBuildOf(projection.name, name)))
        await this.#documents.drop(name);
  }

  async drop(build: string): Promise<void> {
    for (const collection of Object.values(collectionsOf(build))) await this.#documents.drop(collection);
    await this.#quarantine.forget(this.#documents, build);
  }
}

const isBuildOf = (projection: string, collection: string): boolean =>
  collection.startsWith(`${projection}-`) && /^\d/.test(collection.slice(projection.length + 1));

/** Pages break ties by the document's key, so an index that carries it last needs no sorting. */
const inPages = (indexes: readonly IndexSpec[], key: '_id' | '_key'): IndexSpec[] =>
  indexes.map((index) => ({ ...index, [key]: Object.values(index).at(-1) ?? 1 }));

export const buildName = (name: string, { version, build }: Build): string =>
  build === 1 ? `${name}-${version}` : `${name}-${version}.${build}`;

export const save = async (documents: Documents, { _id, ...build }: Build): Promise<void> => {
  await documents.collection<Build>('builds').replaceOne({ _id }, build, { upsert: true });
};
