import type { FollowOn, Policy } from '#kernel';
import type { ImportEvent } from './import.ts';

const go = ({ data: { importId } }: { data: { importId: string } }): FollowOn[] => [
  { command: 'ContinueImport', fields: { importId }, resource: { type: 'import', id: importId } },
];

/** Only tells whoever does the work: it takes longer than an answer may wait. */
export const whenImportHasWorkDoIt: Policy<ImportEvent> = {
  name: 'when-import-has-work-do-it',
  awaited: false,
  on: { ImportReportRequested: go, ImportUsersNotified: go, ImportStarted: go },
};
