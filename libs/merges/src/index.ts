export { type Merge, type MergeEvent, merge } from './merge.ts';
export { ImportLiveness, MergeLock } from './merge-lock.ts';
export { mergesNoun } from './merges.module.ts';
export type { MergeView } from './merges.projection.ts';
export { Merging } from './merging.ts';
