export { CreateOrganization } from './organization.commands.ts';
export type { OrganizationEvent } from './organization.ts';
export {
  type Organization,
  type OrganizationCommand,
  organization,
  organizationAbsorbed,
  organizationMerging,
  refusalWhileEnding,
  roleIn,
  type SignUpPolicy,
} from './organization.ts';
export { organizationLimits } from './organization-limits.ts';
export { organizationsNoun } from './organizations.module.ts';
export type { OrganizationView } from './organizations.projection.ts';
