import type { Projection } from '#kernel';
import type { OrganizationEvent, SignUpPolicy } from './organization.ts';

export interface OrganizationView {
  readonly organizationId: string;
  readonly name: string;
  readonly ownerId: string;
  readonly signUpPolicy: SignUpPolicy;
  readonly status: 'open';
  readonly ownerOnUnverifiedDomain: boolean;
  readonly createdAt: string;
  readonly revision: number;
}

export const organizations: Projection<OrganizationView, OrganizationEvent> = {
  name: 'organizations',
  version: 2,
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
        ownerOnUnverifiedDomain: false,
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
    OrganizationOwnershipTransferred: {
      key: ({ data }) => data.organizationId,
      to: (document, { data, revision }) =>
        document ? { ...document, ownerId: data.ownerId, revision } : null,
    },
  },
};
