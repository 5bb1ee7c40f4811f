import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { IsOptional } from 'class-validator';
import { pause } from '#clock';
import { Execution, mayRead } from '#commands';
import {
  Answer,
  type Answered,
  decodeCursor,
  encodeCursor,
  ListQuery,
  OneOf,
  SortBy,
  Stopping,
  Text,
} from '#http';
import { isRefusal, notFound, type Refusal } from '#kernel';
import {
  type List,
  listHandlers,
  listRow,
  OrgledgerQuery,
  readingOf,
  resourceHandlers,
  resourceRow,
} from '#queries';
import { ReadModels } from '#read-models';
import type { CandidateView } from './candidates.projection.ts';
import { type Import, notReady, organizationImport } from './import.ts';
import { candidatesOf } from './import-candidates.ts';
import { progressEvents } from './import-progress.ts';
import type { importOf } from './imports.answers.ts';
import type { ImportRowView, ImportView } from './imports.projection.ts';
import { ImportReport } from './report.ts';

export class ImportsQuery extends ListQuery {
  @IsOptional() @OneOf(['reporting', 'ready', 'running', 'completed']) status?: string;
  @IsOptional() @SortBy('requestedAt') sort?: string;
}

export class ListImports extends OrgledgerQuery {
  organizationId!: string;
  status?: string;
}

export class GetImport extends OrgledgerQuery {
  organizationId!: string;
  importId!: string;
}

export class ImportRowsQuery extends ListQuery {
  @IsOptional() @OneOf(['imported', 'skipped']) outcome?: string;
  @IsOptional() @SortBy('row') sort?: string;
}

/** IMP-05. */
export class ListImportRows extends OrgledgerQuery<List<unknown>> {
  organizationId!: string;
  importId!: string;
  outcome?: string;
  limit?: number;
  cursor?: string;
  sort?: string;
}

export class CandidatesQuery extends ListQuery {
  /** `new`: signed up since the last import of their domain; `left_out`: that import could have had them. */
  @IsOptional() @OneOf(['new', 'left_out']) seen?: string;
  @IsOptional() @Text({ max: 253 }) domain?: string;
  @IsOptional() @SortBy('signedUpAt') sort?: string;
}

/** IMP-03: the file. */
export class GetImportReport extends GetImport {}

/** IMP-05: server-sent events. */
export class WatchImport extends GetImport {}

/** IMP-06. */
export class ListCandidates extends OrgledgerQuery<List<unknown>> {
  organizationId!: string;
  seen?: 'new' | 'left_out';
  domain?: string;
  limit?: number;
  cursor?: string;
  sort?: string;
}

const item = ({ importId, ...view }: ImportView): Answered<typeof importOf> => ({
  importId,
  organizationId: view.organizationId,
  domains: view.domains,
  status: view.status,
  rows: view.rows,
  selected: view.selected,
  imported: view.imported,
  skipped: view.skipped,
  csvHash: view.csvHash,
  reportPath:
    view.status === 'reporting'
      ? null
      : `/v1/organizations/${view.organizationId}/imports/${importId}/report.csv`,
  requestedBy: view.requestedBy,
  requestedAt: view.requestedAt,
  generatedAt: view.generatedAt,
  notifiedAt: view.notifiedAt,
  startedAt: view.startedAt,
  completedAt: view.completedAt,
});

type Stored<View> = View & { readonly _id: string };

/** A person who was erased meanwhile has no address any more. */
const rowItem = (view: ImportRowView, person: CandidateView | undefined) => ({
  row: view.row + 1,
  userId: view.userId,
  email: person?.email ?? null,
  outcome: view.outcome,
  reason: view.reason,
  mergeId: view.mergeId,
});

@Injectable()
@QueryHandler(ListImportRows)
class ListImportRowsHandler implements IQueryHandler<ListImportRows> {
  readonly #readModels: ReadModels;

  constructor(readModels: ReadModels) {
    this.#readModels = readModels;
  }

  async execute(query: ListImportRows): Promise<List<unknown> | Refusal> {
    const { principal, at, asOf, asked, atLeast } = readingOf(query);
    const { organizationId, importId, outcome, limit = 50, cursor } = query;
    const refused = mayRead(principal, organizationId);
    if (refused) return refused;
    await this.#readModels.reach(atLeast, ['imports', 'import-rows', 'import-candidates']);
    const view = await this.#readModels.get<ImportView>('imports', importId, at);
    if (view?.organizationId !== organizationId) return notFound;
    const scope = { importId, outcome, sort: query.sort, asOf: asked, list: 'import-rows' };
    const page = await this.#readModels.list<ImportRowView>('import-rows', {
      where: { importId, outcome },
      sort: { field: 'row', direction: query.sort?.startsWith('-') ? -1 : 1 },
      limit,
      after: decodeCursor(cursor, scope),
      asOf: at,
    });
    const ids = page.items.map(({ userId }) => userId);
    const people = await this.#readModels.many<CandidateView>('import-candidates', ids, at);
    return {
      items: page.items.map((row) => rowItem(row, people.get(row.userId))),
      total: page.total,
      ...(page.totalIsLowerBound ? { totalIsLowerBound: true } : {}),
      nextCursor: page.next ? encodeCursor(page.next, scope) : null,
      position: String(page.position),
      asOf,
    };
  }
}

const CANDIDATES_FROM = ['import-candidates', 'imports', 'domains'] as const;

@Injectable()
@QueryHandler(ListCandidates)
class ListCandidatesHandler implements IQueryHandler<ListCandidates> {
  readonly #readModels: ReadModels;

  constructor(readModels: ReadModels) {
    this.#readModels = readModels;
  }

  async execute(query: ListCandidates): Promise<List<unknown> | Refusal> {
    const { principal, at, asOf, asked, atLeast } = readingOf(query);
    const { organizationId, seen, domain, limit = 50, cursor, sort = '-signedUpAt' } = query;
    const refused = mayRead(principal, organizationId);
    if (refused) return refused;
    await this.#readModels.reach(atLeast, CANDIDATES_FROM);
    const scope = { organizationId, seen, domain, sort, asOf: asked, list: 'import-candidates' };
    const page = await candidatesOf(this.#readModels, {
      organizationId,
      seen,
      domain,
      direction: sort.startsWith('-') ? -1 : 1,
      limit,
      after: decodeCursor(cursor, scope),
      at,
    });
    return {
      items: page.items,
      total: page.total,
      ...(page.totalIsLowerBound ? { totalIsLowerBound: true } : {}),
      nextCursor: page.next ? encodeCursor(page.next, scope) : null,
      position: String(at ?? this.#readModels.positionOf(...CANDIDATES_FROM)),
      asOf,
    };
  }
}

/** The import's own stream, when the asker may read it. */
const readable = async (
  execution: Execution,
  query: GetImport,
): Promise<Exclude<Import, { status: 'unknown' }> | Refusal> => {
  const { organizationId, importId } = query;
  const refused = mayRead(readingOf(query).principal, organizationId);
  if (refused) return refused;
  const { state } = await execution.load(organizationImport, importId);
  return state.status === 'unknown' || state.organizationId !== organizationId ? notFound : state;
};

@Injectable()
@QueryHandler(GetImportReport)
class GetImportReportHandler implements IQueryHandler<GetImportReport> {
  readonly #execution: Execution;
  readonly #report: ImportReport;

  constructor(execution: Execution, report: ImportReport) {
    this.#execution = execution;
    this.#report = report;
  }

  async execute(query: GetImportReport): Promise<Answer | Refusal> {
    const state = await readable(this.#execution, query);
    if (isRefusal(state)) return state;
    if (state.status === 'reporting') return notReady;
    return new Answer(200, Readable.from(this.#report.csv(state), { objectMode: false }), {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': `attachment; filename="${state.importId}.csv"`,
    });
  }
}

@Injectable()
@QueryHandler(WatchImport)
class WatchImportHandler implements IQueryHandler<WatchImport> {
  readonly #execution: Execution;
  readonly #stopping: Stopping;

  constructor(execution: Execution, stopping: Stopping) {
    this.#execution = execution;
    this.#stopping = stopping;
  }

  async execute(query: WatchImport): Promise<Answer | Refusal> {
    const state = await readable(this.#execution, query);
    if (isRefusal(state)) return state;
    const { signal } = this.#stopping;
    const events = progressEvents(
      () => this.#execution.load(organizationImport, query.importId),
      (milliseconds) => pause(milliseconds, signal).then(() => !signal.aborted),
    );
    return new Answer(200, Readable.from(events, { objectMode: false }), {
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    });
  }
}

export const importQueries = [
  GetImportReportHandler,
  WatchImportHandler,
  ListImportRowsHandler,
  ListCandidatesHandler,
  ...listHandlers(
    listRow<ListImports, Stored<ImportView>>({
      on: ListImports,
      projection: 'imports',
      authorize: (principal, { organizationId }) => mayRead(principal, organizationId),
      where: ({ organizationId, status }) => ({ organizationId, status }),
      sort: { requestedAt: '-requestedAt' },
      items: (views) => views.map(item),
    }),
  ),
  ...resourceHandlers(
    resourceRow<GetImport, Stored<ImportView>>({
      on: GetImport,
      projection: 'imports',
      id: ({ importId }) => importId,
      authorize: (principal, { organizationId }, view) =>
        mayRead(principal, organizationId) ?? (view.organizationId === organizationId ? undefined : notFound),
      item,
    }),
  ),
];
