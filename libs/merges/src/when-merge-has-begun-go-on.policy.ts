import type { FollowOn, Policy } from '#kernel';
import type { MergeEvent } from './merge.ts';

const goOn = ({ data: { mergeId } }: { data: { mergeId: string } }): FollowOn[] => [
  { command: 'ContinueMerge', fields: { mergeId }, resource: { type: 'merge', id: mergeId } },
];

/** Some people at a time, so that others' commands come between; an import goes on with its own merges by itself. */
export const whenMergeHasBegunGoOn: Policy<MergeEvent> = {
  name: 'when-merge-has-begun-go-on',
  on: {
    MergeStarted: (event) => (event.data.via === 'import' ? [] : goOn(event)),
    MergeProgressed: (event) => (event.data.via === 'import' ? [] : goOn(event)),
  },
};
