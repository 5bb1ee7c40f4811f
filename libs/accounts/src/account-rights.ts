import {
  emailUnverified,
  mayRead,
  mustEnrol,
  type Principal,
  type Right,
  refusalBy,
  rights,
} from '#commands';
import { type AccountRole, forbidden, notFound, type Refusal } from '#kernel';
import type { Account, KnownAccount } from './account.ts';

const rolesOn = (state: KnownAccount, userId: string | null): readonly AccountRole[] =>
  userId === null ? [] : (state.access[userId] ?? []);

/** An organization that the account is shared with sees it, and changes nothing. */
const isSharedWith = ({ sharedWith }: KnownAccount, principal: Principal): boolean =>
  principal.organizationId !== null &&
  sharedWith.includes(principal.organizationId) &&
  mayRead(principal, principal.organizationId) === undefined;

/**
 * A right on an account: in the organization that it belongs to, or by a role on it (rules.md 1.6), which may ask for
 * a second factor (ACC-12).
 */
const refusalOn = (right: Right, principal: Principal, state: Account): Refusal | undefined => {
  if (principal.type === 'system') return undefined;
  if (state.status === 'unknown') return notFound;
  const roles = rolesOn(state, principal.userId);
  const { accountRoles = [], unverified } = right;
  const refused = refusalBy(right, principal, state.organizationId);
  if (!refused) return undefined;
  if (accountRoles.some((role) => (role === 'any' ? roles.length > 0 : roles.includes(role)))) {
    if (state.twoFactorRequired && !principal.secondFactor) return mustEnrol;
    return unverified || principal.emailVerified ? undefined : emailUnverified;
  }
  if (refused !== notFound) return refused;
  return roles.length > 0 || isSharedWith(state, principal) ? forbidden : notFound;
};

const may =
  (right: Right) =>
  (principal: Principal, state: Account): Refusal | undefined =>
    refusalOn(right, principal, state);

export const mayManageAccount = may(rights.manage_account);

/** Change of owner, closure. */
export const mayDisposeOfAccount = may(rights.own_account);

export const mayRenameAccount = may(rights.rename_account);

/** An account without an organization is its Owner's to suspend. */
export const maySuspendAccount = (principal: Principal, state: Account): Refusal | undefined =>
  refusalOn(
    state.status !== 'unknown' && state.organizationId === null ? rights.own_account : rights.suspend_account,
    principal,
    state,
  );

const mayLook =
  (right: Right) =>
  (principal: Principal, state: Account): Refusal | undefined =>
    state.status !== 'unknown' && isSharedWith(state, principal)
      ? undefined
      : refusalOn(right, principal, state);

export const mayReadAccount = mayLook(rights.read_account);

export const mayReadAccountUsers = mayLook(rights.read_account_users);

/** Whoever it is shared with sees who is there, not what happened. */
export const mayReadAccountHistory = may(rights.read_account_users);

/** Only whoever owns the account answers for it. */
export const mayAnswerAddition = may(rights.answer_addition);
