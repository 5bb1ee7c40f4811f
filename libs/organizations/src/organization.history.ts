import type { Catalogue } from '#kernel';
import type { OrganizationEvent } from './organization.ts';

export const organizationHistory: Catalogue<OrganizationEvent['type']> = {
  OrganizationCreated: { summary: 'The organization was created.' },
  OrganizationRenamed: { summary: 'The organization was renamed.' },
};
