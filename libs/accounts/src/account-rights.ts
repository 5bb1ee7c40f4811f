import { emailUnverified, mayRead, type Principal } from '#commands';
import { forbidden, manages, managesAccount, notFound, type Refusal } from '#kernel';
import type { Account } from './account.ts';

/** Owner and Administrator of the account's organization; for whoever can see it otherwise it is forbidden. */
const asOrganization = (principal: Principal, state: Account): Refusal | undefined => {
  if (state.status === 'unknown') return notFound;
  if (principal.type === 'system') return undefined;
  const { organizationId, sharedWith, access } = state;
  const home = principal.organizationId;
  if (home !== null && home === organizationId) return manages(principal.role) ? undefined : forbidden;
  const sees =
    (principal.userId !== null && access[principal.userId] !== undefined) ||
    (home !== null && sharedWith.includes(home) && mayRead(principal, home) === undefined);
  return sees ? forbidden : notFound;
};

const verified = (principal: Principal): Refusal | undefined =>
  principal.emailVerified ? undefined : emailUnverified;

const rolesOf = ({ userId }: Principal, state: Account) =>
  state.status !== 'unknown' && userId !== null ? (state.access[userId] ?? []) : [];

/** rules.md 1.6: an account's Owner and Administrators manage their own account only. */
export const mayManageAccount = (principal: Principal, state: Account): Refusal | undefined => {
  const refused = asOrganization(principal, state);
  return (managesAccount(rolesOf(principal, state)) ? undefined : refused) ?? verified(principal);
};

/** Change of owner, closure: the account's Owner, or the organization. */
export const mayDisposeOfAccount = (principal: Principal, state: Account): Refusal | undefined => {
  const refused = asOrganization(principal, state);
  return (rolesOf(principal, state).includes('owner') ? undefined : refused) ?? verified(principal);
};

/** Suspension is the organization's alone; an account without one is its Owner's. */
export const maySuspendAccount = (principal: Principal, state: Account): Refusal | undefined =>
  state.status !== 'unknown' && state.organizationId === null
    ? mayDisposeOfAccount(principal, state)
    : (asOrganization(principal, state) ?? verified(principal));

/** Also before an address is verified. */
export const mayRenameAccount = (principal: Principal, state: Account): Refusal | undefined =>
  managesAccount(rolesOf(principal, state)) ? undefined : asOrganization(principal, state);

/** Who may read who has access: those who manage it, and an organization that it is shared with. */
export const mayReadAccountUsers = (principal: Principal, state: Account): Refusal | undefined => {
  if (state.status === 'unknown') return notFound;
  if (managesAccount(rolesOf(principal, state))) return undefined;
  const { organizationId, sharedWith } = state;
  const seen = [organizationId, ...sharedWith].find((id) => id !== null && id === principal.organizationId);
  const refused = mayRead(principal, seen ?? null);
  return refused && rolesOf(principal, state).length > 0 ? forbidden : refused;
};

/** Who may read the account itself: also everybody with access to it. */
export const mayReadAccount = (principal: Principal, state: Account): Refusal | undefined =>
  rolesOf(principal, state).length > 0 ? undefined : mayReadAccountUsers(principal, state);
