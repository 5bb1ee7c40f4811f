import type { Catalogue } from '#kernel';
import type { MergeEvent } from './merge.ts';

const status = (previous: string, updated: string) => [{ field: 'status', previous, updated }];

export const mergeHistory: Catalogue<MergeEvent['type']> = {
  MergeRequested: { summary: 'The Owner of another organization was offered to merge it into this one.' },
  MergeWithdrawn: { summary: 'The offer of a merge ended.', changes: status('requested', 'withdrawn') },
  MergeStarted: { summary: 'Another organization began to be merged into this one.' },
  MergePlanned: { summary: 'What moves in a merge was listed.', technical: true },
  MergeUserMoved: { summary: 'A user came with a merged organization.' },
  MergeAccountMoved: { summary: 'An account came with a merged organization.' },
  MergeProgressed: { summary: 'A part of a merge was done.', technical: true },
  MergeCompleted: { summary: 'A merge was completed.', changes: status('running', 'completed') },
  MergeFailed: {
    summary: 'A merge was not possible; nothing had moved.',
    changes: status('running', 'failed'),
  },
};
