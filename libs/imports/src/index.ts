export type { CandidateView } from './candidates.projection.ts';
export { RequestImport, SelectImportRows, StartImport } from './import.commands.ts';
export { BulkImportDefault } from './import.handlers.ts';
export { type ImportEvent, organizationImport } from './import.ts';
export { ImportNotices } from './import-notices.ts';
export { ImportRunner } from './import-runner.ts';
export { importsNoun } from './imports.module.ts';
export { ImportReport } from './report.ts';
export { RowImport } from './row-import.ts';
