import type { Noun } from '#commands';
import { MergeOffers } from '#invitations';
import { Candidate } from './candidate.ts';
import { Ending } from './ending.ts';
import { ContinueMerge, NoteMergeOffer, StartMerge, WithdrawMerge } from './merge.commands.ts';
import {
  ContinueMergeHandler,
  NoteMergeOfferHandler,
  RequestMergeHandler,
  StartMergeHandler,
  WithdrawMergeHandler,
} from './merge.handlers.ts';
import { mergeHistory } from './merge.history.ts';
import { MergeCandidates } from './merge-candidates.ts';
import { MergeLock } from './merge-lock.ts';
import { MergePreview } from './merge-preview.ts';
import { MergesController } from './merges.http.ts';
import { merges } from './merges.projection.ts';
import { mergeQueries } from './merges.queries.ts';
import { Merging } from './merging.ts';
import { SuccessionGuard } from './succession.guard.ts';
import { whenAnInvitationMergesKeepItsMerge } from './when-an-invitation-merges-keep-its-merge.policy.ts';
import { whenMergeFailedTakeTheAcceptanceBack } from './when-merge-failed-take-the-acceptance-back.policy.ts';
import { whenMergeHasBegunGoOn } from './when-merge-has-begun-go-on.policy.ts';

export const mergesNoun: Noun = {
  name: 'merges',
  catalogue: mergeHistory,
  commands: [ContinueMerge, NoteMergeOffer, StartMerge, WithdrawMerge],
  controllers: [MergesController],
  providers: [
    Candidate,
    Ending,
    MergeCandidates,
    { provide: MergeOffers, useExisting: MergeCandidates },
    MergeLock,
    MergePreview,
    Merging,
    SuccessionGuard,
    RequestMergeHandler,
    NoteMergeOfferHandler,
    WithdrawMergeHandler,
    StartMergeHandler,
    ContinueMergeHandler,
    ...mergeQueries,
  ],
  projections: [merges],
  policies: [whenAnInvitationMergesKeepItsMerge, whenMergeHasBegunGoOn, whenMergeFailedTakeTheAcceptanceBack],
};
