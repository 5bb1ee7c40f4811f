import { daysAfter, type Projection, type RecordedEvent } from '#kernel';
import type { DomainEvent, VerificationMethod } from './domain.events.ts';
import type { Domain } from './domain.ts';
import { GRACE_DAYS } from './domain.watch.ts';
import type { DomainCheckEvent } from './domain-check.ts';

export interface DomainView {
  readonly domainId: string;
  readonly organizationId: string;
  readonly domain: string;
  readonly method: VerificationMethod;
  readonly token: string;
  /** Equal for names that look alike. */
  readonly skeleton: string;
  readonly status: Exclude<Domain['status'], 'unknown' | 'deleted'>;
  readonly words: readonly string[];
  readonly verifiedAt: string | null;
  readonly lastCheckedAt: string | null;
  readonly nextCheckAt: string | null;
  readonly unvalidatedSince: string | null;
  readonly deletionDueAt: string | null;
  readonly addedAt: string;
  readonly revision: number;
}

const key = ({ data }: RecordedEvent<DomainEvent>) => data.domainId;
const changed =
  (change: (event: RecordedEvent<DomainEvent>) => Partial<DomainView>) =>
  (document: DomainView | undefined, event: RecordedEvent<DomainEvent>) =>
    document ? { ...document, ...change(event), revision: event.revision } : null;

export const domains: Projection<DomainView, DomainEvent | DomainCheckEvent> = {
  name: 'domains',
  version: 2,
  indexes: [
    { organizationId: 1, domain: 1 },
    { organizationId: 1, status: 1 },
    { organizationId: 1, words: 1 },
    { skeleton: 1 },
  ],
  counted: { scope: 'organizationId', by: ['status'] },
  on: {
    DomainAdded: {
      key,
      to: (_document, { data, revision }) => ({
        domainId: data.domainId,
        organizationId: data.organizationId,
        domain: data.domain,
        method: data.method,
        token: data.token,
        skeleton: data.skeleton,
        status: 'pending',
        words: [data.domain, ...data.domain.split('.')],
        verifiedAt: null,
        lastCheckedAt: null,
        nextCheckAt: daysAfter(data.addedAt, 1),
        unvalidatedSince: null,
        deletionDueAt: null,
        addedAt: data.addedAt,
        revision,
      }),
    },
    VerificationMethodChanged: {
      key,
      to: (document, { data, revision }) =>
        document ? { ...document, method: data.method, revision } : null,
    },
    DomainVerified: {
      key,
      to: changed(({ metadata: { occurredAt } }) => ({
        status: 'verified',
        verifiedAt: occurredAt,
        lastCheckedAt: occurredAt,
        nextCheckAt: daysAfter(occurredAt, 1),
      })),
    },
    DomainVerificationFailed: {
      key,
      to: changed(({ metadata: { occurredAt } }) => ({
        lastCheckedAt: occurredAt,
        nextCheckAt: daysAfter(occurredAt, 1),
      })),
    },
    DomainRecheckFailed: {
      key,
      to: changed(({ metadata: { occurredAt } }) => ({
        status: 'unvalidated',
        lastCheckedAt: occurredAt,
        nextCheckAt: daysAfter(occurredAt, 1),
        unvalidatedSince: occurredAt,
        deletionDueAt: daysAfter(occurredAt, GRACE_DAYS),
      })),
    },
    DomainRevalidated: {
      key,
      to: changed(({ metadata: { occurredAt } }) => ({
        status: 'verified',
        lastCheckedAt: occurredAt,
        nextCheckAt: daysAfter(occurredAt, 1),
        unvalidatedSince: null,
        deletionDueAt: null,
      })),
    },
    DomainVerificationExpired: {
      key,
      to: changed(() => ({ status: 'expired', nextCheckAt: null })),
    },
    DomainLapseWarningSent: { key, to: changed(() => ({})) },
    DomainUsersRestoreRequested: { key, to: changed(() => ({})) },
    DomainUsersRestored: { key, to: changed(() => ({})) },
    // On a stream of its own: the resource's revision stays what it is.
    DomainChecked: {
      key: ({ data }) => data.domainId,
      to: (document, { data: { checkedAt, nextCheckAt } }) =>
        document ? { ...document, lastCheckedAt: checkedAt, nextCheckAt } : null,
    },
    DomainDeleted: { key, to: () => null },
  },
};
