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
  /** AMB-05: the Owner's address is of a domain that lapsed and was not proved again. */
  readonly ownerOnUnverifiedDomain: boolean;
  /** As far as a transfer or a lapse that spared the Owner has told it. */
  readonly ownerDomain: string | null;
  /** Names that lapsed and were not proved again. */
  readonly lapsedDomains: readonly string[];
  readonly createdAt: string;
  readonly revision: number;
}

const told = (view: Omit<OrganizationView, 'ownerOnUnverifiedDomain'>): OrganizationView => {
  const { ownerDomain, lapsedDomains } = view;
  return { ...view, ownerOnUnverifiedDomain: ownerDomain !== null && lapsedDomains.includes(ownerDomain) };
};

export const organizations: Projection<OrganizationView, OrganizationEvent | DomainEvent> = {
  name: 'organizations',
  version: 5,
  since: 4,
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
        ownerDomain: null,
        lapsedDomains: [],
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
      to: (document, { data: { ownerId, ownerDomain }, revision }) =>
        document ? told({ ...document, ownerId, ownerDomain, revision }) : null,
    },
    DomainValidationLapsed: {
      key: ({ data }) => data.organizationId,
      to: (document, { data: { domain, exemptOwnerId } }) =>
        document
          ? told({
              ...document,
              ownerDomain: exemptOwnerId === document.ownerId ? domain : document.ownerDomain,
              lapsedDomains: [...document.lapsedDomains.filter((name) => name !== domain), domain],
            })
          : null,
    },
    DomainVerified: {
      key: ({ data }) => data.organizationId,
      to: (document, { data: { domain } }) =>
        document?.lapsedDomains.includes(domain)
          ? told({ ...document, lapsedDomains: document.lapsedDomains.filter((name) => name !== domain) })
          : (document ?? null),
    },
  },
};
