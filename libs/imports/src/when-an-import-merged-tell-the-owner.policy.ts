import type { Policy } from '#kernel';
import type { ImportEvent } from './import.ts';

/** MRG-07: after the fact, when the people were notified of the import. */
export const whenAnImportMergedTellTheOwner: Policy<ImportEvent> = {
  name: 'when-an-import-merged-tell-the-owner',
  awaited: false,
  on: {
    UserImported: ({ id, stream, data: { userId, mergeId, told } }) =>
      told && mergeId !== null
        ? [
            {
              command: 'QueueMail',
              fields: {
                mailId: id,
                kind: 'organization_merged',
                stream,
                eventId: id,
                references: { userId, mergeId },
              },
              resource: { type: 'user', id: userId },
            },
          ]
        : [],
  },
};
