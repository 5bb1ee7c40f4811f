import { mayManage, type Noun, rowsOf } from '#commands';
import { notFound } from '#kernel';
import { bulkImport } from './bulk-import.ts';
import { candidates } from './candidates.projection.ts';
import { ContinueImport, EnableBulkImport, NotifyImportUsers } from './import.commands.ts';
import {
  ContinueImportHandler,
  foreign,
  importAnswer,
  RequestImportHandler,
  SelectImportRowsHandler,
  StartImportHandler,
} from './import.handlers.ts';
import { importHistory } from './import.history.ts';
import { importNotice, organizationMergedMail } from './import.mail.ts';
import { organizationImport } from './import.ts';
import { ImportNotices } from './import-notices.ts';
import { BulkImportController, ImportCandidatesController, ImportsController } from './imports.http.ts';
import { importRows, imports } from './imports.projection.ts';
import { importQueries } from './imports.queries.ts';
import { ImportReport } from './report.ts';
import { RowImport } from './row-import.ts';
import { whenAnImportMergedTellTheOwner } from './when-an-import-merged-tell-the-owner.policy.ts';
import { whenImportHasWorkDoIt } from './when-import-has-work-do-it.policy.ts';

export const importsNoun: Noun = {
  name: 'imports',
  catalogue: importHistory,
  commands: [ContinueImport],
  controllers: [ImportsController, ImportCandidatesController, BulkImportController],
  providers: [
    ImportReport,
    ImportNotices,
    RowImport,
    RequestImportHandler,
    SelectImportRowsHandler,
    StartImportHandler,
    ContinueImportHandler,
    ...importQueries,
  ],
  projections: [candidates, imports, importRows],
  policies: [whenAnImportMergedTellTheOwner, whenImportHasWorkDoIt],
  mails: [importNotice, organizationMergedMail],
  rows: [
    rowsOf(organizationImport)({
      on: NotifyImportUsers,
      id: ({ importId }) => importId,
      authorize: (principal, state, { organizationId }) =>
        foreign(state, organizationId) ?? mayManage(principal, organizationId),
      command: () => ({ type: 'NotifyImportUsers' }),
      answer: importAnswer,
    }),
    rowsOf(bulkImport)({
      on: EnableBulkImport,
      id: ({ organizationId }) => organizationId,
      authorize: (principal) => (principal.type === 'operator' ? undefined : notFound),
      command: ({ organizationId, enabled }) => ({ type: 'EnableBulkImport', organizationId, enabled }),
      answer: ({ enabled }) => ({ enabled }),
    }),
  ],
};
