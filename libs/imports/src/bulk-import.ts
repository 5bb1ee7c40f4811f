import { type Decider, type Event, type Refusal, refuse, unreachable } from '#kernel';

/** IMP-01: off until the operator enables it for the organization; on a stream of its own. */
export type BulkImportEvent =
  | Event<'BulkImportEnabled', { organizationId: string; enabledAt: string }>
  | Event<'BulkImportDisabled', { organizationId: string; disabledAt: string }>;

/** `enabled: null`: nobody has said anything yet. */
export interface BulkImport {
  readonly organizationId: string | null;
  readonly enabled: boolean | null;
}

export interface BulkImportCommand {
  readonly type: 'EnableBulkImport';
  readonly organizationId: string;
  readonly enabled: boolean;
}

export const bulkImport: Decider<BulkImport, BulkImportCommand, BulkImportEvent> = {
  category: 'bulkImport',
  initial: { organizationId: null, enabled: null },
  evolve: (state, event) => {
    const { organizationId } = event.data;
    switch (event.type) {
      case 'BulkImportEnabled':
        return { organizationId, enabled: true };
      case 'BulkImportDisabled':
        return { organizationId, enabled: false };
      default:
        return unreachable(event, state);
    }
  },
  organizationOf: ({ organizationId }) => organizationId,
  decide: ({ organizationId, enabled }, state, { now }) => {
    if (state.enabled === enabled) return [];
    return [
      enabled
        ? { type: 'BulkImportEnabled', data: { organizationId, enabledAt: now } }
        : { type: 'BulkImportDisabled', data: { organizationId, disabledAt: now } },
    ];
  },
};

export const bulkImportNotEnabled: Refusal = refuse(
  'forbidden',
  'bulk_import_not_enabled',
  'Importing users is not enabled for this organization; ask whoever runs the product.',
);
