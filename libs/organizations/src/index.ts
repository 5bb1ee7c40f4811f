export { CreateOrganization } from './organization.commands.ts';
export type { OrganizationEvent } from './organization.ts';
export { organization } from './organization.ts';
export { organizationsNoun } from './organizations.module.ts';
export type { OrganizationView } from './organizations.projection.ts';
