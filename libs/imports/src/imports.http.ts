import { Body, Controller, Get, HttpCode, Post, Put, Query } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { Answers, BodyStream, Call, Consumes, PathId, Produces, ReadQuery, Told } from '#http';
import { Queries } from '#queries';
import {
  EnableBulkImport,
  NotifyImportUsers,
  RequestImport,
  SelectImportRows,
  StartImport,
} from './import.commands.ts';
import {
  candidates,
  changedImport,
  enabledImport,
  importOf,
  importRows,
  imports,
} from './imports.answers.ts';
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
  @Answers(changedImport)
  @Told(
    'Asks for a report of who could be imported from the domains named.',
    'bulk_import_not_enabled',
    'domain_unverified',
    'domain_unvalidated',
  )
  request(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: RequestImport,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }

  @Get()
  @Answers(imports)
  @Told('Lists the organization’s imports.')
  list(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() query: ImportsQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListImports(), query), { organizationId }, call);
  }

  @Get(':importId')
  @Answers(importOf)
  @Told('One import: its state and how far it has come.')
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
  @Told('The report as CSV, a row for each person.')
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
  @Told('Follows an import as server-sent events, until it is completed.')
  progress(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('importId', 'imp') importId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new WatchImport(), { organizationId, importId }, call);
  }

  @Get(':importId/rows')
  @Answers(importRows)
  @Told('Lists the rows of an import with what became of them.')
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
  @Answers(changedImport)
  @Told(
    'Takes the report back with rows removed: who stays in it will be imported.',
    'import_selection_invalid',
    'import_report_not_ready',
    'import_already_started',
  )
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
  @Answers(changedImport)
  @Told(
    'Mails the people who are selected what is going to happen.',
    'import_report_not_ready',
    'import_already_started',
  )
  notify(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('importId', 'imp') importId: string,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(new NotifyImportUsers(), { organizationId, importId }, call);
  }

  @Post(':importId/start')
  @HttpCode(200)
  @Answers(changedImport)
  @Told(
    'Imports the people who are selected.',
    'acknowledgements_required',
    'import_report_not_ready',
    'import_already_started',
    'import_already_running',
    'domain_unverified',
    'domain_unvalidated',
    'organization_merging',
  )
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
  @Answers(candidates)
  @Told('Lists the people with an address of the verified domains who could be imported now.')
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
  @Answers(enabledImport)
  @Told('Lets an organization import people, or not.', 'not_found')
  enable(
    @PathId('id', 'org') organizationId: string,
    @Body() command: EnableBulkImport,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }
}
