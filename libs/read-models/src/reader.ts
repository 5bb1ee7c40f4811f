import { RecentlyUsed } from '#cache';
import type { Scalar } from '#kernel';
import { cellsOf, isTold, totalOf, withinCells } from './cells.ts';
import { beyond, filterOf, type Where } from './conditions.ts';
import { withinInitials } from './derived.ts';
import { type Cell, collectionsOf, type PastVersion, type Version } from './fold.ts';
import type { DocumentStore } from './port.ts';
import type { AnyProjection } from './projector.ts';

/** What a reader must know of the projector; in another process it is told by the store. */
export interface Served {
  readonly position: number;
  served(name: string): string | undefined;
  positionOf(name: string): number;
  /** `names`: only these read models; all without it. */
  waitFor(position: number, milliseconds: number, names?: readonly string[]): Promise<boolean>;
}

export interface ListRequest {
  readonly where: Where;
  /** Field and direction; ties are broken by the document's id in the same direction. */
  readonly sort: { readonly field: string; readonly direction: 1 | -1 };
  readonly limit: number;
  /** Values of the last item of the page before. */
  readonly after?: readonly [Scalar, string];
  /** As of this position; absent: now. */
  readonly asOf?: number;
  /** False: nobody asks how many there are. */
  readonly totals?: boolean;
}

export interface Page<Document> {
  readonly items: readonly (Document & { readonly _id: string })[];
  readonly total: number;
  /** True when more than `total` match and counting further would be a scan. */
  readonly totalIsLowerBound: boolean;
  /** Where the next page begins, or null at the end. */
  readonly next: readonly [Scalar, string] | null;
  readonly position: number;
}

/** A version of a document: from which position to which it was current, and the id of the event that made it. */
export interface Told<Document> {
  readonly document: Document;
  readonly from: number;
  /** Undefined: it still is. */
  readonly to: number | undefined;
  readonly event: string;
}

/** How many documents of a scope have these values. */
export type Counter = Pick<Cell, 'values' | 'n' | 'at'>;

/** A read model is being built for the first time, or does not reach the asked position in time. */
export class ReadModelBehind extends Error {
  override readonly name = 'ReadModelBehind';
}

/** All that match, in ascending order of one field. */
export interface WalkRequest {
  readonly where: Where;
  readonly by: string;
  /** Documents of a page. Default 200. */
  readonly limit?: number;
  readonly asOf?: number;
}

const WAIT_MS = 2_000;
/** Totals over filters that are not counted stop here. */
const COUNT_LIMIT = 1_000;
const AT_LEAST = { total: COUNT_LIMIT, totalIsLowerBound: true } as const;
/** Lists that are being read page by page. */
const REMEMBERED = 64;
/** How often a page is read again because counters have changed, or somebody was erased, while it was read. */
const PATIENCE = 3;

/** What is read by counters is only whole where counters and documents change together. */
type Readable = Pick<DocumentStore, 'collection' | 'transactional'>;

/** Queries over read models, now or as of any position: the same query over versions. */
export class ReadModels {
  readonly #documents: Readable;
  readonly #served: Served;
  readonly #projections: ReadonlyMap<string, AnyProjection>;
  /** Lists of earlier states, and whether what is current still filled their last page. */
  readonly #hardlyChanged = new RecentlyUsed<string, boolean>(REMEMBERED);
  /** Lists that had more than are counted, and at which position: the next page is of the same list. */
  readonly #long = new RecentlyUsed<string, number>(REMEMBERED);

  constructor(documents: Readable, served: Served, projections: readonly AnyProjection[]) {
    this.#documents = documents;
    this.#served = served;
    this.#projections = new Map(projections.map((projection) => [projection.name, projection]));
  }

  /** Position that every query would show now. */
  get position(): number {
    return this.#served.position;
  }

  /** Position that a query of these read models would show now. */
  positionOf(...names: readonly string[]): number {
    return Math.min(...names.map((name) => this.#served.positionOf(name)));
  }

  /** @throws ReadModelBehind after 2 s: never a stale answer to a caller who named a position. */
  async reach(position: number, names?: readonly string[]): Promise<void> {
    if (!(await this.#served.waitFor(position, WAIT_MS, names)))
      throw new ReadModelBehind(`the read models have not reached position ${position} yet`);
  }

  #build(name: string): ReturnType<typeof collectionsOf> {
    const build = this.#served.served(name);
    if (!build) throw new ReadModelBehind(`the read model ${name} is being built`);
    return collectionsOf(build);
  }

  async get<Document>(
    name: string,
    id: string,
    asOf?: number,
  ): Promise<(Document & { readonly _id: string }) | undefined> {
    const build = this.#build(name);
    const version = await this.#documents.collection<Version>(build.live).findOne({ _id: id } as never);
    if (version && (asOf === undefined || version._from <= asOf)) return plain<Document>(version);
    if (asOf === undefined) return undefined;
    const past = await this.#documents
      .collection<PastVersion>(build.past)
      .findOne({ _key: id, _from: { $lte: asOf }, _to: { $gt: asOf } } as never);
    return past ? plain<Document>(past) : undefined;
  }

  /** Every version of a document up to a position, oldest first, with what made it and, but for the newest, ended it. */
  async history<Document>(
    name: string,
    id: string,
    asOf: number = Number.MAX_SAFE_INTEGER,
  ): Promise<readonly Told<Document>[]> {
    const build = this.#build(name);
    const until = { _from: { $lte: asOf } };
    const past = await this.#documents
      .collection<PastVersion>(build.past)
      .find({ _key: id, ...until } as never)
      .sort({ _from: 1 })
      .toArray();
    const live = await this.#documents
      .collection<Version>(build.live)
      .findOne({ _id: id, ...until } as never);
    return [...past, ...(live ? [live as PastVersion] : [])].map((version) => ({
      document: plain<Document>(version),
      from: version._from,
      to: version._to !== undefined && version._to <= asOf ? version._to : undefined,
      event: version._event,
    }));
  }

  /** Those of the ids that exist, by id. */
  async many<Document>(
    name: string,
    ids: readonly string[],
    asOf?: number,
  ): Promise<ReadonlyMap<string, Document>> {
    if (ids.length === 0) return new Map();
    if (asOf !== undefined) {
      const then = await Promise.all(
        ids.map(async (id) => [id, await this.get<Document>(name, id, asOf)] as const),
      );
      return new Map(then.flatMap(([id, document]) => (document ? [[id, document] as const] : [])));
    }
    const live = this.#documents.collection<Version>(this.#build(name).live);
    const versions = await live.find({ _id: { $in: [...ids] } } as never).toArray();
    return new Map(versions.map((version) => [version._id, plain<Document>(version)]));
  }

  /** Read again when another build was switched to meanwhile: the one that was read is then being dropped. */
  async list<Document>(name: string, request: ListRequest): Promise<Page<Document>> {
    const served = this.#served.served(name);
    const page = await this.#list<Document>(name, request);
    return this.#served.served(name) === served ? page : this.#list<Document>(name, request);
  }

  /** Everything that matches, page by page; what changes meanwhile behind the last page is seen, before it not. */
  async *pages<Document>(
    name: string,
    { where, by, limit = 200, asOf }: WalkRequest,
  ): AsyncGenerator<Page<Document>['items'], void> {
    let after: ListRequest['after'];
    do {
      const sort = { field: by, direction: 1 } as const;
      const page: Page<Document> = await this.list<Document>(name, {
        where,
        sort,
        limit,
        after,
        asOf,
        totals: false,
      });
      yield page.items;
      after = page.next ?? undefined;
    } while (after);
  }

  /** The same, one by one. */
  async *every<Document>(name: string, request: WalkRequest): AsyncGenerator<Document, void> {
    for await (const documents of this.pages<Document>(name, request))
      for (const document of documents) yield document as Awaited<Document>;
  }

  async #list<Document>(name: string, request: ListRequest, patience = PATIENCE): Promise<Page<Document>> {
    const position = request.asOf ?? this.#served.positionOf(name);
    const build = this.#build(name);
    const { counted, immutable, searched } = this.#projection(name);
    const cells =
      counted && request.where[counted.scope] !== undefined
        ? await cellsOf(this.#documents, build, counted, request.where)
        : undefined;
    const initials = this.#isOld(name) ? undefined : withinInitials(this.#projection(name), request);
    // Whoever begins with a letter or two is there once in its index, but once for each word in that of the words.
    const counting = searched && initials?.[searched.in] === undefined ? initials : undefined;
    const found =
      request.totals === false
        ? { total: 0, totalIsLowerBound: true }
        : await this.#total(name, build, request, cells, counting);
    // Where nothing matches, a walk in sort order would only find that out at the end.
    if (found.total === 0 && !found.totalIsLowerBound) return { items: [], ...found, next: null, position };
    const isByCells = this.#documents.transactional && !this.#isOld(name);
    const within =
      !initials && counted && cells && isByCells ? withinCells(counted, cells, request) : undefined;
    const filter = filterOf(initials ?? within ?? request.where, request.asOf);
    const then = initials ? filterOf(request.where, request.asOf) : filter;
    const { limit } = request;
    const wanted = limit + 1;
    const isOfThen = request.asOf !== undefined && !immutable;
    const ended = { ...then, _to: { $gt: request.asOf } };
    // Most may have changed since: of those that have not only so many are looked for as the page can hold,
    // but for the last attempt, which needs no bound that lasts, and where those alone filled the page before.
    const walked = JSON.stringify([name, request.where, request.sort, request.asOf]);
    const isBounded = isOfThen && patience > 0 && !this.#hardlyChanged.get(walked);
    const atMost = isBounded
      ? (await this.#page<PastVersion>(build.past, request, ended, wanted))[limit]
      : undefined;
    const versions = await this.#page<Version>(build.live, request, filter, wanted, atMost);
    if (isOfThen) {
      const listed = new Set(versions.map(keyOf));
      const last = atMost ? undefined : versions[limit];
      this.#hardlyChanged.set(walked, last !== undefined);
      const past = await this.#page<PastVersion>(build.past, request, ended, wanted, last);
      // An erasure may have taken away what filled the page when the bound was found.
      if (atMost && !(past[limit] && inOrder(request.sort)(past[limit], atMost) <= 0))
        return this.#list(name, request, patience - 1);
      // A version may pass from the live to the past ones between the two readings, never back.
      for (const version of past) if (!listed.has(keyOf(version))) versions.push(version);
      versions.sort(inOrder(request.sort));
    }
    if (counted && cells && within && request.asOf === undefined && patience > 0) {
      // Who has passed to another counter meanwhile may be in none of those that were asked.
      const since = await cellsOf(this.#documents, build, counted, request.where);
      if (since.some(({ _id, at }, index) => _id !== cells[index]?._id || at !== cells[index]?.at))
        return this.#list(name, request, patience - 1);
    }
    const shown = versions.slice(0, limit);
    const last = shown.at(-1);
    const next: Page<Document>['next'] =
      versions.length > limit && last ? [(last[request.sort.field] ?? null) as Scalar, keyOf(last)] : null;
    return {
      items: shown.map((version) => plain<Document>(version)),
      ...found,
      next,
      position,
    };
  }

  /** What served an older release has not what newer lists are walked by. */
  #isOld(name: string): boolean {
    const current = `${name}-${this.#projection(name).version}`;
    return this.#served.served(name)?.split('.')[0] !== current;
  }

  #projection(name: string): AnyProjection {
    const projection = this.#projections.get(name);
    if (!projection) throw new Error(`there is no projection ${name}`);
    return projection;
  }

  #page<V extends Version>(
    collection: string,
    request: ListRequest,
    filter: object,
    limit: number,
    atMost?: Version,
  ): Promise<V[]> {
    const { field, direction } = request.sort;
    const id = collection.endsWith('.past') ? '_key' : '_id';
    const keyset = request.after ? { $or: beyond(field, id, direction, request.after) } : {};
    const end = atMost ? upTo(request, id, atMost) : {};
    return this.#documents
      .collection<V>(collection)
      .find({ ...end, ...filter, ...keyset } as never)
      .sort({ [field]: direction, [id]: direction })
      .limit(limit)
      .toArray() as unknown as Promise<V[]>;
  }

  /** Exact from maintained counters where every condition is on counted fields, otherwise counted up to a bound. */
  async #total(
    name: string,
    build: ReturnType<typeof collectionsOf>,
    { where, asOf }: ListRequest,
    cells: readonly Cell[] | undefined,
    counting: Where = where,
  ): Promise<{ total: number; totalIsLowerBound: boolean }> {
    const { counted, immutable } = this.#projection(name);
    if (counted && cells && !(immutable && asOf !== undefined) && isTold(counted, where))
      return { total: await totalOf(this.#documents, build, cells, asOf), totalIsLowerBound: false };
    const list = JSON.stringify([build.live, counting, asOf]);
    const position = this.#served.positionOf(name);
    if (this.#long.get(list) === position) return AT_LEAST;
    const limit = COUNT_LIMIT + 1;
    let n = await this.#documents
      .collection<Version>(build.live)
      .countDocuments(filterOf(counting, asOf) as never, { limit });
    if (asOf !== undefined && !immutable)
      n += await this.#documents
        .collection<PastVersion>(build.past)
        .countDocuments({ ...filterOf(where, asOf), _to: { $gt: asOf } } as never, { limit });
    if (n <= COUNT_LIMIT) return { total: n, totalIsLowerBound: false };
    this.#long.set(list, position);
    return AT_LEAST;
  }

  /** How many documents meet the conditions now, counted up to a bound. */
  atLeast(name: string, where: Where, bound: number): Promise<number> {
    const { live } = this.#build(name);
    return this.#documents
      .collection<Version>(live)
      .countDocuments(filterOf(where) as never, { limit: bound });
  }

  /** How many documents of a scope have these values in the counted fields: the sum of a few counters. */
  async count(name: string, where: Where, asOf?: number): Promise<number> {
    const { counted } = this.#projection(name);
    if (!counted || !isTold(counted, where)) throw new Error(`${name} keeps no counters of that`);
    const build = this.#build(name);
    return totalOf(this.#documents, build, await cellsOf(this.#documents, build, counted, where), asOf);
  }

  /** The counters of each of these scopes, now. */
  async counters(name: string, scopes: readonly string[]): Promise<(scope: string) => readonly Counter[]> {
    const { counted } = this.#projection(name);
    if (!counted) throw new Error(`${name} keeps no counters`);
    const where = { [counted.scope]: { in: scopes } };
    const cells = await cellsOf(this.#documents, this.#build(name), counted, where);
    const found = Map.groupBy(cells, ({ scope }) => scope);
    return (scope) => found.get(scope) ?? [];
  }

  /** All that match now, in one go and no order: for what is known to be little. */
  async few<Document>(name: string, where: Where): Promise<readonly (Document & { readonly _id: string })[]> {
    const { live } = this.#build(name);
    const found = await this.#documents
      .collection<Version>(live)
      .find(filterOf(where) as never)
      .toArray();
    return found.map((version) => plain<Document>(version));
  }
}

/** Where nothing behind a version is of interest; a comparison never matches null, which comes first upwards. */
const upTo = ({ sort, after }: ListRequest, id: string, last: Version): object => {
  const { field, direction } = sort;
  const value = (last[field] ?? null) as Scalar;
  const operator = direction === 1 ? '$lte' : '$gte';
  if (value === null || (direction === 1 && (after?.[0] ?? null) === null)) return {};
  return after?.[0] === value
    ? { [field]: value, [id]: { [operator]: keyOf(last) } }
    : { [field]: { [operator]: value } };
};

const keyOf = (version: Version): string => (version as PastVersion)._key ?? version._id;

const inOrder =
  ({ field, direction }: ListRequest['sort']) =>
  (a: Version, b: Version): number =>
    direction * (compare(a[field], b[field]) || compare(keyOf(a), keyOf(b)));

const compare = (a: unknown, b: unknown): number => {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return (a as number) < (b as number) ? -1 : 1;
};

const plain = <Document>(version: Version): Document & { readonly _id: string } => {
  const { _from, _event, _key, _to, _cell, _initials, ...document } = version as PastVersion;
  return { ...document, _id: keyOf(version) } as never;
};
