import { Body, Controller, Get, HttpCode, Post, Put, Query } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { BodyStream, Call, Consumes, PathId, Produces, ReadQuery } from '#http';
import { Queries } from '#queries';
import {
  EnableBulkImport,
  NotifyImportUsers,
  RequestImport,
  SelectImportRows,
  StartImport,
} from './import.commands.ts';
import {
  CandidatesQuery,
  GetImport,
  GetImportReport,
  ImportRowsQuery,
  ImportsQuery,
  ListCandidates,
  ListImportRows,
  ListImports,
  WatchImport,
} from './imports.queries.ts';

/** Some 300,000 rows. */
const FILE_LIMIT = 64 * 1_024 * 1_024;

@Controller('v1/organizations/:organizationId/imports')
export class ImportsController {
  readonly #commands: Commands;
  readonly #queries: Queries;

  constructor(commands: Commands, queries: Queries) {
    this.#commands = commands;
    this.#queries = queries;
  }

  @Post()
  @HttpCode(202)
  request(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: RequestImport,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }

  @Get()
  list(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() query: ImportsQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListImports(), query), { organizationId }, call);
  }

  @Get(':importId')
  get(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('importId', 'imp') importId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new GetImport(), { organizationId, importId }, call);
  }

  @Get(':importId/report.csv')
  @Produces('text/csv')
  report(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('importId', 'imp') importId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new GetImportReport(), { organizationId, importId }, call);
  }

  @Get(':importId/progress')
  @Produces('text/event-stream')
  progress(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('importId', 'imp') importId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new WatchImport(), { organizationId, importId }, call);
  }

  @Get(':importId/rows')
  rows(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('importId', 'imp') importId: string,
    @Query() query: ImportRowsQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListImportRows(), query), { organizationId, importId }, call);
  }

  @Put(':importId/selection')
  @Consumes('text/csv')
  async select(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('importId', 'imp') importId: string,
    @BodyStream({ maxBytes: FILE_LIMIT }) file: AsyncIterable<Buffer>,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(await SelectImportRows.reading(file), { organizationId, importId }, call);
  }

  @Post(':importId/notify')
  @HttpCode(200)
  notify(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('importId', 'imp') importId: string,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(new NotifyImportUsers(), { organizationId, importId }, call);
  }

  @Post(':importId/start')
  @HttpCode(200)
  start(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('importId', 'imp') importId: string,
    @Body() command: StartImport,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId, importId }, call);
  }
}

@Controller('v1/organizations/:organizationId/import-candidates')
export class ImportCandidatesController {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  @Get()
  list(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() query: CandidatesQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListCandidates(), query), { organizationId }, call);
  }
}

@Controller('v1/operations/bulk-import')
export class BulkImportController {
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  @Put(':id')
  enable(
    @PathId('id', 'org') organizationId: string,
    @Body() command: EnableBulkImport,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }
}
