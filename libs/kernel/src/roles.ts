import { type Refusal, refuse } from './refusal.ts';

/** ROL-01. */
export type OrganizationRole = 'owner' | 'administrator' | 'standard_user';

/** ROL-04: the Owner is never chosen, only transferred. */
export type AssignableRole = Exclude<OrganizationRole, 'owner'>;

/** Who manages an organization (rules.md 1.6). */
export const manages = (role: OrganizationRole | null): boolean =>
  role === 'owner' || role === 'administrator';

/** ROL-05. */
export type AccountRole = 'owner' | 'administrator' | 'billing_manager' | 'developer' | 'support';

export const accountRoles: readonly AccountRole[] = [
  'owner',
  'administrator',
  'billing_manager',
  'developer',
  'support',
];

/** ROL-06, AMB-19: why these roles cannot be given; wrong combinations are refused, never trimmed. */
export const rolesRefusal = (roles: readonly AccountRole[]): Refusal | undefined => {
  if (roles.includes('owner')) return ownerByTransferOnly;
  const alone = !roles.includes('administrator') || roles.length === 1;
  return roles.length > 0 && new Set(roles).size === roles.length && alone
    ? undefined
    : refuse(
        'invalid',
        'role_combination_invalid',
        'Administrator stands alone; Developer, Billing Manager and Support can be combined.',
      );
};

/** ROL-04. */
export const ownerByTransferOnly: Refusal = refuse(
  'invalid',
  'owner_role_by_transfer_only',
  'Nobody is made Owner by a role; ownership is transferred.',
);

/** The one order in which roles are kept. */
export const inOrder = (roles: readonly AccountRole[]): readonly AccountRole[] =>
  accountRoles.filter((role) => roles.includes(role));

/** Who manages an account by a role on it (rules.md 1.6). */
export const managesAccount = (roles: readonly AccountRole[] = []): boolean =>
  roles.includes('owner') || roles.includes('administrator');
