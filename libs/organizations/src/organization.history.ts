import type { Catalogue } from '#kernel';
import type { OrganizationEvent } from './organization.ts';

export const organizationHistory: Catalogue<OrganizationEvent['type']> = {
  OrganizationCreated: { summary: 'The organization was created.' },
  OrganizationRenamed: { summary: 'The organization was renamed.' },
  DomainSignupPolicyChanged: {
    summary: 'What signing up with an address of its domains leads to was changed.',
  },
  OrganizationOwnershipTransferred: { summary: 'The organization got another Owner.' },
};
