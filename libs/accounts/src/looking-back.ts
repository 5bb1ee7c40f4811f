import { mayRead, type Principal } from '#commands';
import type { ReadModels } from '#read-models';
import type { KnownAccount } from './account.ts';
import { type AccountView, sharedKey } from './accounts.projection.ts';

/** An organization that asked for an account, or that it is shared with, has a document of its own. */
export const viewFor = async (
  principal: Principal,
  { accountId, organizationId }: KnownAccount,
  at: number | undefined,
  readModels: ReadModels,
): Promise<AccountView | undefined> => {
  const home = principal.organizationId;
  if (home !== null && home !== organizationId && !mayRead(principal, home)) {
    const ours = await readModels.get<AccountView>('accounts', sharedKey(home, accountId), at);
    if (ours) return ours;
  }
  return readModels.get<AccountView>('accounts', accountId, at);
};

/**
 * A right is decided on today's state. What an account was in another organization is shown to whoever reads there, and
 * to whoever was on the account then.
 */
export const mayLookBack = async (
  view: AccountView,
  { accountId, organizationId }: KnownAccount,
  principal: Principal,
  at: number | undefined,
  readModels: ReadModels,
): Promise<boolean> => {
  const home = view.organizationId;
  if (at === undefined || home === organizationId) return true;
  if (home !== null && !mayRead(principal, home)) return true;
  const { userId } = principal;
  return (
    userId !== null && (await readModels.get('account-users', `${accountId}:${userId}`, at)) !== undefined
  );
};
