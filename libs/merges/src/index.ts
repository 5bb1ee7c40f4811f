export { type Merge, type MergeEvent, type MergeFailure, merge } from './merge.ts';
export { MergeLock } from './merge-lock.ts';
export { mergesNoun } from './merges.module.ts';
export type { MergeView } from './merges.projection.ts';
export { Merging, stepId, type Told } from './merging.ts';
export { SuccessionGuard } from './succession.guard.ts';
