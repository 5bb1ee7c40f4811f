import type { AssignableRole, Projection } from '#kernel';
import type { Merge, MergeEvent } from './merge.ts';

export interface MergeView {
  readonly mergeId: string;
  readonly organizationId: string;
  readonly candidateOrganizationId: string;
  readonly candidateOwnerId: string;
  readonly role: AssignableRole;
  readonly via: 'invitation' | 'import';
  readonly importId: string | null;
  readonly invitationId: string | null;
  readonly status: Exclude<Merge['status'], 'unknown'>;
  /** Why it failed or was withdrawn. */
  readonly reason: string | null;
  /** Everybody in the Candidate is certain to come. */
  readonly isPlanned: boolean;
  readonly users: number;
  readonly accounts: number;
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly revision: number;
}

const key = ({ data }: { data: { mergeId: string } }) => data.mergeId;

export const merges: Projection<MergeView, MergeEvent> = {
  name: 'merges',
  version: 3,
  indexes: [
    { organizationId: 1, requestedAt: -1 },
    { organizationId: 1, status: 1, requestedAt: -1 },
    { candidateOrganizationId: 1 },
  ],
  counted: { scope: 'organizationId', by: ['status'] },
  on: {
    MergeRequested: {
      key,
      to: (_view, { data, revision }) => ({
        mergeId: data.mergeId,
        organizationId: data.organizationId,
        candidateOrganizationId: data.candidateOrganizationId,
        candidateOwnerId: data.candidateOwnerId,
        role: data.role,
        via: 'invitation',
        importId: null,
        invitationId: data.invitationId,
        status: 'requested',
        reason: null,
        isPlanned: false,
        users: 0,
        accounts: 0,
        requestedAt: data.requestedAt,
        startedAt: null,
        completedAt: null,
        revision,
      }),
    },
    MergeWithdrawn: {
      key,
      to: (view, { data, revision }) =>
        view ? { ...view, status: 'withdrawn', reason: data.reason, revision } : null,
    },
    MergeStarted: {
      key,
      to: (view, { data, revision }) => ({
        mergeId: data.mergeId,
        organizationId: data.organizationId,
        candidateOrganizationId: data.candidateOrganizationId,
        candidateOwnerId: data.candidateOwnerId,
        role: data.role,
        via: data.via,
        importId: data.importId,
        invitationId: view?.invitationId ?? null,
        status: 'running',
        reason: null,
        isPlanned: false,
        users: 0,
        accounts: 0,
        requestedAt: view?.requestedAt ?? data.startedAt,
        startedAt: data.startedAt,
        completedAt: null,
        revision,
      }),
    },
    MergePlanned: {
      key,
      to: (view, { data: { complete }, revision }) =>
        view ? { ...view, isPlanned: view.isPlanned || complete, revision } : null,
    },
    MergeProgressed: {
      key,
      to: (view, { data: { done }, revision }) => (view ? { ...view, ...done, revision } : null),
    },
    MergeCompleted: {
      key,
      to: (view, { data: { users, accounts, completedAt }, revision }) =>
        view ? { ...view, status: 'completed', users, accounts, completedAt, revision } : null,
    },
    MergeFailed: {
      key,
      to: (view, { data: { reason }, revision }) =>
        view ? { ...view, status: 'failed', reason, revision } : null,
    },
  },
};
