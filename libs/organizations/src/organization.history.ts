import type { Catalogue } from '#kernel';
import type { OrganizationEvent } from './organization.ts';
import type { LimitsEvent } from './organization-limits.ts';

const status = (previous: string, updated: string) => [{ field: 'status', previous, updated }];

export const organizationHistory: Catalogue<OrganizationEvent['type'] | LimitsEvent['type']> = {
  OrganizationCreated: { summary: 'The organization was created.' },
  OrganizationRenamed: { summary: 'The organization was renamed.' },
  DomainSignupPolicyChanged: {
    summary: 'What signing up with an address of its domains leads to was changed.',
  },
  LimitsChanged: { summary: 'How much the organization may have was changed.' },
  OrganizationOwnershipTransferred: {
    summary: 'The organization got another Owner.',
    version: 2,
    upcast: [(transfer) => ({ ...transfer, ownerDomain: null })],
  },
  OrganizationMergeStarted: {
    summary: 'The organization began to be merged into another one.',
    changes: status('open', 'merging'),
  },
  OrganizationMergeAborted: {
    summary: 'The merge into another organization was not possible.',
    changes: status('merging', 'open'),
  },
  OrganizationAbsorbed: {
    summary: 'The organization was merged into another one.',
    changes: status('merging', 'absorbed'),
  },
};
