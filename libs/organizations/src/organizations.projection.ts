import type { DomainEvent } from '#domains';
import type { Projection } from '#kernel';
import type { OrganizationEvent, SignUpPolicy } from './organization.ts';

export interface OrganizationView {
  readonly organizationId: string;
  readonly name: string;
  readonly ownerId: string;
  readonly signUpPolicy: SignUpPolicy;
  readonly status: 'open' | 'merging' | 'absorbed';
  /** MRG-04: into which organization it goes or has gone. */
  readonly successorId: string | null;
  /** AMB-05: a lapse spared the Owner. */
  readonly ownerOnUnverifiedDomain: boolean;
  /** The name that lapsed. */
  readonly lapsedDomain: string | null;
  readonly createdAt: string;
  readonly revision: number;
}

export const organizations: Projection<OrganizationView, OrganizationEvent | DomainEvent> = {
  name: 'organizations',
  version: 4,
  indexes: [],
  on: {
    OrganizationCreated: {
      key: ({ data }) => data.organizationId,
      to: (_document, { data, metadata, revision }) => ({
        organizationId: data.organizationId,
        name: data.name,
        ownerId: data.ownerId,
        signUpPolicy: 'invite_only',
        status: 'open',
        successorId: null,
        ownerOnUnverifiedDomain: false,
        lapsedDomain: null,
        createdAt: metadata.occurredAt,
        revision,
      }),
    },
    OrganizationRenamed: {
      key: ({ data }) => data.organizationId,
      to: (document, { data, revision }) => (document ? { ...document, name: data.name, revision } : null),
    },
    DomainSignupPolicyChanged: {
      key: ({ data }) => data.organizationId,
      to: (document, { data, revision }) =>
        document ? { ...document, signUpPolicy: data.policy, revision } : null,
    },
    OrganizationMergeStarted: {
      key: ({ data }) => data.organizationId,
      to: (document, { data, revision }) =>
        document ? { ...document, status: 'merging', successorId: data.intoOrganizationId, revision } : null,
    },
    OrganizationMergeAborted: {
      key: ({ data }) => data.organizationId,
      to: (document, { revision }) =>
        document ? { ...document, status: 'open', successorId: null, revision } : null,
    },
    OrganizationAbsorbed: {
      key: ({ data }) => data.organizationId,
      to: (document, { revision }) => (document ? { ...document, status: 'absorbed', revision } : null),
    },
    OrganizationOwnershipTransferred: {
      key: ({ data }) => data.organizationId,
      to: (document, { data, revision }) =>
        document
          ? {
              ...document,
              ownerId: data.ownerId,
              // Whoever could become the Owner was not of the domain that lapsed.
              ownerOnUnverifiedDomain: false,
              lapsedDomain: null,
              revision,
            }
          : null,
    },
    DomainValidationLapsed: {
      key: ({ data }) => data.organizationId,
      to: (document, { data: { domain, exemptOwnerId } }) =>
        document && exemptOwnerId === document.ownerId
          ? { ...document, ownerOnUnverifiedDomain: true, lapsedDomain: domain }
          : (document ?? null),
    },
    DomainVerified: {
      key: ({ data }) => data.organizationId,
      to: (document, { data: { domain } }) =>
        document?.lapsedDomain === domain
          ? { ...document, ownerOnUnverifiedDomain: false, lapsedDomain: null }
          : (document ?? null),
    },
  },
};
