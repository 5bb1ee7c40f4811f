import type { Noun } from '#commands';
import { Candidate } from './candidate.ts';
import { Ending } from './ending.ts';
import { ContinueMerge } from './merge.commands.ts';
import { ContinueMergeHandler } from './merge.handlers.ts';
import { mergeHistory } from './merge.history.ts';
import { MergeLock } from './merge-lock.ts';
import { merges } from './merges.projection.ts';
import { Merging } from './merging.ts';
import { whenMergeHasBegunGoOn } from './when-merge-has-begun-go-on.policy.ts';

export const mergesNoun: Noun = {
  name: 'merges',
  catalogue: mergeHistory,
  commands: [ContinueMerge],
  providers: [Candidate, Ending, MergeLock, Merging, ContinueMergeHandler],
  projections: [merges],
  policies: [whenMergeHasBegunGoOn],
};
