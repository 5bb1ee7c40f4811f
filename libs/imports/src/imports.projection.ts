import type { Projection } from '#kernel';
import type { Import, ImportEvent, SkipReason } from './import.ts';

/** LV-4: one row of the list of imports. */
export interface ImportView {
  readonly importId: string;
  readonly organizationId: string;
  readonly domains: readonly string[];
  readonly status: Exclude<Import['status'], 'unknown'>;
  /** Reports and imports that are not finished: what a runner picks up. */
  readonly open: boolean;
  /** The event that opened it: the cause of what is done then. */
  readonly openedBy: string;
  readonly rows: number;
  readonly selected: number;
  readonly imported: number;
  readonly skipped: number;
  readonly csvHash: string | null;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly generatedAt: string | null;
  readonly notifiedAt: string | null;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly revision: number;
}

const key = ({ data }: { data: { importId: string } }) => data.importId;

export const imports: Projection<ImportView, ImportEvent> = {
  name: 'imports',
  version: 1,
  indexes: [
    { organizationId: 1, requestedAt: -1 },
    { organizationId: 1, status: 1, requestedAt: -1 },
    { open: 1 },
  ],
  counted: { scope: 'organizationId', by: ['status'] },
  on: {
    ImportReportRequested: {
      key,
      to: (_view, { id, data, revision }) => ({
        importId: data.importId,
        organizationId: data.organizationId,
        domains: data.domains,
        status: 'reporting',
        open: true,
        openedBy: id,
        rows: 0,
        selected: 0,
        imported: 0,
        skipped: 0,
        csvHash: null,
        requestedBy: data.requestedBy,
        requestedAt: data.requestedAt,
        generatedAt: null,
        notifiedAt: null,
        startedAt: null,
        completedAt: null,
        revision,
      }),
    },
    ImportReportExtended: {
      key,
      to: (view, { data, revision }) => (view ? { ...view, rows: data.rows, revision } : null),
    },
    ImportReportGenerated: {
      key,
      to: (view, { data, revision }) =>
        view
          ? {
              ...view,
              status: 'ready',
              open: false,
              rows: data.rows,
              selected: data.rows,
              csvHash: data.csvHash,
              generatedAt: data.generatedAt,
              revision,
            }
          : null,
    },
    ImportSelectionAccepted: {
      key,
      to: (view, { data, revision }) => (view ? { ...view, selected: data.selected, revision } : null),
    },
    ImportUsersNotified: {
      key,
      to: (view, { id, data, revision }) =>
        view ? { ...view, open: true, openedBy: id, notifiedAt: data.notifiedAt, revision } : null,
    },
    ImportNoticesQueued: {
      key,
      to: (view, { revision }) => (view ? { ...view, open: view.status === 'running', revision } : null),
    },
    ImportStarted: {
      key,
      to: (view, { id, data, revision }) =>
        view
          ? { ...view, status: 'running', open: true, openedBy: id, startedAt: data.startedAt, revision }
          : null,
    },
    // Once for many rows: every version of a document is kept.
    ImportProgressed: {
      key,
      to: (view, { data: { imported, skipped }, revision }) =>
        view ? { ...view, imported, skipped, revision } : null,
    },
    ImportCompleted: {
      key,
      to: (view, { data, revision }) =>
        view ? { ...view, status: 'completed', open: false, completedAt: data.completedAt, revision } : null,
    },
  },
};

/** IMP-05: what became of one person; the key is `import:user`. */
export interface ImportRowView {
  readonly importId: string;
  readonly userId: string;
  readonly row: number;
  readonly outcome: 'imported' | 'skipped';
  readonly reason: SkipReason | null;
  readonly mergeId: string | null;
}

const ofRow = ({ data }: { data: { importId: string; userId: string } }) => `${data.importId}:${data.userId}`;

export const importRows: Projection<ImportRowView, ImportEvent> = {
  name: 'import-rows',
  version: 1,
  indexes: [
    { importId: 1, row: 1 },
    { importId: 1, outcome: 1, row: 1 },
  ],
  counted: { scope: 'importId', by: ['outcome'] },
  immutable: true,
  on: {
    UserImported: {
      key: ofRow,
      to: (_view, { data: { importId, userId, row, mergeId } }) => ({
        importId,
        userId,
        row,
        outcome: 'imported',
        reason: null,
        mergeId,
      }),
    },
    UserImportSkipped: {
      key: ofRow,
      to: (_view, { data: { importId, userId, row, reason } }) => ({
        importId,
        userId,
        row,
        outcome: 'skipped',
        reason,
        mergeId: null,
      }),
    },
  },
};
