import type { Policy } from '#kernel';
import type { MergeEvent } from './merge.ts';

/** Nothing has moved: the invitation did not take effect after all. */
export const whenMergeFailedTakeTheAcceptanceBack: Policy<MergeEvent> = {
  name: 'when-merge-failed-take-the-acceptance-back',
  on: {
    MergeFailed: ({ data: { invitationId, reason } }) =>
      invitationId === null
        ? []
        : [
            {
              command: 'RevertAcceptance',
              fields: { invitationId, reason },
              resource: { type: 'invitation', id: invitationId },
            },
          ],
  },
};
