/** ROL-01. */
export type OrganizationRole = 'owner' | 'administrator' | 'standard_user';

/** ROL-04: the Owner is never chosen, only transferred. */
export type AssignableRole = Exclude<OrganizationRole, 'owner'>;

/** Who manages an organization (rules.md 1.6). */
export const manages = (role: OrganizationRole | null): boolean =>
  role === 'owner' || role === 'administrator';
