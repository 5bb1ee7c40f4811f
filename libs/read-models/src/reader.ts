import type { Scalar } from '#kernel';
import { type Cell, collectionsOf, type PastCount, type PastVersion, type Version } from './fold.ts';
import type { Documents } from './port.ts';
import type { AnyProjection } from './projector.ts';
import { startsWith } from './subset.ts';

/** What a reader must know of the projector; in another process it is told by the store. */
export interface Served {
  readonly position: number;
  served(name: string): string | undefined;
  positionOf(name: string): number;
  /** `names`: only these read models; all without it. */
  waitFor(position: number, milliseconds: number, names?: readonly string[]): Promise<boolean>;
}

/** Equality, a list of alternatives, anything but one value, a range, or a prefix in an array of words. */
export type Condition =
  | Scalar
  | { readonly in: readonly Scalar[] }
  | { readonly not: Scalar }
  | { readonly from?: string | number; readonly to?: string | number }
  | { readonly upTo: string | number }
  | { readonly after: string | number }
  | { readonly prefix: string };

export interface ListRequest {
  readonly where: Readonly<Record<string, Condition | undefined>>;
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

/** A read model is being built for the first time, or does not reach the asked position in time. */
export class ReadModelBehind extends Error {
  override readonly name = 'ReadModelBehind';
}

/** All that match, in ascending order of one field. */
export interface WalkRequest {
  readonly where: ListRequest['where'];
  readonly by: string;
  /** Documents of a page. Default 200. */
  readonly limit?: number;
}

const WAIT_MS = 2_000;
/** Totals over filters that are not counted stop here. */
const COUNT_LIMIT = 1_000;

/** Queries over read models, now or as of any position: the same query over versions. */
export class ReadModels {
  readonly #documents: Documents;
  readonly #served: Served;
  readonly #projections: ReadonlyMap<string, AnyProjection>;

  constructor(documents: Documents, served: Served, projections: readonly AnyProjection[]) {
    this.#documents = documents;
    this.#served = served;
    this.#projections = new Map(projections.map((projection) => [projection.name, projection]));
  }

  /** Position that a query would show now. */
  get position(): number {
    return this.#served.position;
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
    { where, by, limit = 200 }: WalkRequest,
  ): AsyncGenerator<Page<Document>['items'], void> {
    let after: ListRequest['after'];
    do {
      const sort = { field: by, direction: 1 } as const;
      const page: Page<Document> = await this.list<Document>(name, {
        where,
        sort,
        limit,
        after,
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

  async #list<Document>(name: string, request: ListRequest): Promise<Page<Document>> {
    const position = request.asOf ?? this.#served.positionOf(name);
    const build = this.#build(name);
    const counted =
      request.totals === false
        ? { total: 0, totalIsLowerBound: true }
        : await this.#total(name, build, request);
    // Where nothing matches, a walk in sort order would only find that out at the end.
    if (counted.total === 0 && !counted.totalIsLowerBound)
      return { items: [], ...counted, next: null, position };
    const filter = filterOf(request);
    const wanted = request.limit + 1;
    const versions = await this.#page<Version>(build.live, request, filter, wanted);
    if (request.asOf !== undefined && !this.#projection(name).immutable) {
      const ended = { ...filter, _to: { $gt: request.asOf } };
      const listed = new Set(versions.map(keyOf));
      // A version may pass from the live to the past ones between the two readings, never back.
      for (const version of await this.#page<PastVersion>(build.past, request, ended, wanted))
        if (!listed.has(keyOf(version))) versions.push(version);
      versions.sort(inOrder(request.sort));
    }
    const shown = versions.slice(0, request.limit);
    const last = shown.at(-1);
    const next: Page<Document>['next'] =
      versions.length > request.limit && last
        ? [(last[request.sort.field] ?? null) as Scalar, keyOf(last)]
        : null;
    return {
      items: shown.map((version) => plain<Document>(version)),
      ...counted,
      next,
      position,
    };
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
  ): Promise<V[]> {
    const { field, direction } = request.sort;
    const id = collection.endsWith('.past') ? '_key' : '_id';
    const keyset = request.after ? { $or: beyond(field, id, direction, request.after) } : {};
    return this.#documents
      .collection<V>(collection)
      .find({ ...filter, ...keyset } as never)
      .sort({ [field]: direction, [id]: direction })
      .limit(limit)
      .toArray() as unknown as Promise<V[]>;
  }

  /** Exact from maintained counters where every condition is on counted fields, otherwise counted up to a bound. */
  async #total(
    name: string,
    build: ReturnType<typeof collectionsOf>,
    request: ListRequest,
  ): Promise<{ total: number; totalIsLowerBound: boolean }> {
    const { counted, immutable } = this.#projection(name);
    const conditions = Object.entries(request.where).filter(([, condition]) => condition !== undefined);
    const byCells =
      counted &&
      !(immutable && request.asOf !== undefined) &&
      conditions.every(
        ([field, condition]) =>
          field === counted.scope ||
          (counted.by.includes(field) && (isScalar(condition) || 'in' in (condition as object))),
      );
    if (byCells)
      return { total: await this.count(name, request.where, request.asOf), totalIsLowerBound: false };
    const filter = filterOf(request);
    const limit = COUNT_LIMIT + 1;
    let n = await this.#documents.collection<Version>(build.live).countDocuments(filter as never, { limit });
    if (request.asOf !== undefined && !immutable)
      n += await this.#documents
        .collection<PastVersion>(build.past)
        .countDocuments({ ...filter, _to: { $gt: request.asOf } } as never, { limit });
    return n > COUNT_LIMIT
      ? { total: COUNT_LIMIT, totalIsLowerBound: true }
      : { total: n, totalIsLowerBound: false };
  }

  /** How many documents meet the conditions now, counted up to a bound. */
  atLeast(name: string, where: ListRequest['where'], bound: number): Promise<number> {
    const { live } = this.#build(name);
    return this.#documents
      .collection<Version>(live)
      .countDocuments(filterOf({ where }) as never, { limit: bound });
  }

  /** How many documents of a scope have these values in the counted fields: the sum of a few counters. */
  async count(name: string, where: ListRequest['where'], asOf?: number): Promise<number> {
    const counted = this.#projection(name).counted;
    if (!counted) throw new Error(`${name} keeps no counters`);
    const build = this.#build(name);
    const scope = where[counted.scope];
    const cells = await this.#documents
      .collection<Cell>(build.cells)
      .find({ scope } as never)
      .toArray();
    const matching = cells.filter(({ values }) =>
      Object.entries(where).every(
        ([field, condition]) => field === counted.scope || matches(values[field], condition),
      ),
    );
    if (asOf === undefined) return matching.reduce((sum, { n }) => sum + n, 0);
    const counts = this.#documents.collection<PastCount>(build.counts);
    const then = await Promise.all(
      matching.map(({ _id }) =>
        counts.findOne({ cell: _id, position: { $lte: asOf } } as never, { sort: { position: -1 } }),
      ),
    );
    return then.reduce((sum, count) => sum + (count?.n ?? 0), 0);
  }
}

const isScalar = (condition: unknown): condition is Scalar =>
  typeof condition !== 'object' || condition === null;

const matches = (value: Scalar | undefined, condition: Condition | undefined): boolean => {
  if (condition === undefined) return true;
  if (isScalar(condition)) return value === condition;
  return 'in' in condition && condition.in.includes(value ?? null);
};

const filterOf = ({ where, asOf }: Pick<ListRequest, 'where' | 'asOf'>): Record<string, unknown> => {
  const filter: Record<string, unknown> = {};
  for (const [field, condition] of Object.entries(where))
    if (condition !== undefined) filter[field] = isScalar(condition) ? condition : operatorsOf(condition);
  if (asOf !== undefined) filter._from = { $lte: asOf };
  return filter;
};

const operatorsOf = (condition: Exclude<Condition, Scalar>): object => {
  if ('in' in condition) return { $in: condition.in };
  if ('not' in condition) return { $ne: condition.not };
  if ('after' in condition) return { $gt: condition.after };
  if ('upTo' in condition) return { $lte: condition.upTo };
  if ('prefix' in condition) return { $regex: startsWith(condition.prefix) };
  return {
    ...(condition.from === undefined ? {} : { $gte: condition.from }),
    ...(condition.to === undefined ? {} : { $lt: condition.to }),
  };
};

const beyond = (
  field: string,
  id: string,
  direction: 1 | -1,
  [value, last]: readonly [Scalar, string],
): object[] => {
  const operator = direction === 1 ? '$gt' : '$lt';
  const tie = { [field]: value, [id]: { [operator]: last } };
  // Null comes first upwards and last downwards; a comparison never matches it.
  if (value === null) return direction === 1 ? [{ [field]: { $ne: null } }, tie] : [tie];
  const further = { [field]: { [operator]: value } };
  return direction === 1 ? [further, tie] : [further, tie, { [field]: null }];
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
  const { _from, _event, _key, _to, ...document } = version as PastVersion;
  return { ...document, _id: keyOf(version) } as never;
};
