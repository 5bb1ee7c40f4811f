import type { Catalogue } from '#kernel';
import type { BulkImportEvent } from './bulk-import.ts';
import type { ImportEvent } from './import.ts';

const status = (previous: string, updated: string) => [{ field: 'status', previous, updated }];

export const importHistory: Catalogue<ImportEvent['type'] | BulkImportEvent['type']> = {
  BulkImportEnabled: { summary: 'Importing users was enabled for the organization.' },
  BulkImportDisabled: { summary: 'Importing users was disabled for the organization.' },
  ImportReportRequested: { summary: 'A report of the users that can be imported was requested.' },
  ImportReportExtended: { summary: 'A part of an import report was built.', technical: true },
  ImportReportGenerated: {
    summary: 'The report of the users that can be imported is ready.',
    changes: status('reporting', 'ready'),
  },
  ImportSelectionAccepted: { summary: 'The users to import were selected.' },
  ImportUsersNotified: { summary: 'The users to import were told about it.' },
  ImportNoticesQueued: { summary: 'The notices of an import are on their way.', technical: true },
  ImportStarted: {
    version: 2,
    // Whoever goes on with one that an older release has started finds what was done by the ids of then.
    upcast: [(started) => ({ ...started, timed: false })],
    summary: 'An import was started.',
    changes: status('ready', 'running'),
  },
  UserImported: { summary: 'A user was imported.' },
  UserImportSkipped: { summary: 'A user was not imported.' },
  ImportProgressed: {
    version: 2,
    upcast: [(progressed) => ({ ...progressed, walk: 'everybody' })],
    summary: 'A part of an import was done.',
    technical: true,
  },
  ImportCompleted: { summary: 'An import was completed.', changes: status('running', 'completed') },
};
