import { type AccountRole, type Projection, searchWords } from '#kernel';
import type { AccountEvent } from './account.events.ts';

/** One person on one account; the key is `account:user`. */
export interface AccountUserView {
  readonly accountId: string;
  readonly organizationId: string | null;
  /** The organizations that see the account. */
  readonly seenBy: readonly string[];
  readonly userId: string;
  /** As they were when access began. */
  readonly email: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly words: readonly string[];
  readonly roles: readonly AccountRole[];
  readonly grantedAt: string;
}

const keyOf = (accountId: string, userId: string): string => `${accountId}:${userId}`;

interface Home {
  readonly organizationId: string | null;
  readonly sharedWith: readonly string[];
}

const seenBy = ({ organizationId, sharedWith }: Home): string[] => [
  ...(organizationId === null ? [] : [organizationId]),
  ...sharedWith,
];

const all = ({ data }: { data: { accountId: string; userIds: readonly string[] } }): string[] =>
  data.userIds.map((userId) => keyOf(data.accountId, userId));
const one = ({ data }: { data: { accountId: string; userId: string } }): string =>
  keyOf(data.accountId, data.userId);

type Person = Pick<AccountUserView, 'userId' | 'email' | 'givenName' | 'familyName'>;

const shown = (
  accountId: string,
  home: Home,
  { userId, email, givenName, familyName }: Person,
  roles: readonly AccountRole[],
  grantedAt: string,
): AccountUserView => ({
  accountId,
  organizationId: home.organizationId,
  seenBy: seenBy(home),
  userId,
  email,
  givenName,
  familyName,
  words: searchWords(`${givenName} ${familyName}`, `${familyName} ${givenName}`, email),
  roles,
  grantedAt,
});

const ownerOf = (data: {
  ownerId: string;
  ownerEmail: string;
  ownerGivenName: string;
  ownerFamilyName: string;
}): Person => ({
  userId: data.ownerId,
  email: data.ownerEmail,
  givenName: data.ownerGivenName,
  familyName: data.ownerFamilyName,
});

const moved =
  (home: (data: { organizationId: string | null; sharedWith: readonly string[] }) => Home) =>
  (
    view: AccountUserView | undefined,
    { data }: { data: { organizationId: string | null; sharedWith: readonly string[] } },
  ): AccountUserView | null =>
    view ? { ...view, organizationId: home(data).organizationId, seenBy: seenBy(home(data)) } : null;

export const accountUsers: Projection<AccountUserView, AccountEvent> = {
  name: 'account-users',
  version: 3,
  since: 2,
  persons: ['userId'],
  indexes: [
    { accountId: 1, email: 1 },
    { accountId: 1, roles: 1 },
    { accountId: 1, words: 1 },
    { userId: 1, seenBy: 1 },
    { userId: 1, accountId: 1 },
    { organizationId: 1, userId: 1, accountId: 1 },
  ],
  counted: { scope: 'accountId', by: [] },
  on: {
    AccountCreated: {
      key: ({ data }) => keyOf(data.accountId, data.ownerId),
      to: (_view, { data }) =>
        shown(data.accountId, { ...data, sharedWith: [] }, ownerOf(data), ['owner'], data.createdAt),
    },
    AccountAccessGranted: {
      key: one,
      to: (_view, { data }) => shown(data.accountId, data, data, data.roles, data.grantedAt),
    },
    AccountUserUpdated: {
      key: one,
      to: (view, { data }) => (view ? shown(data.accountId, data, data, view.roles, view.grantedAt) : null),
    },
    AccountRolesChanged: {
      key: one,
      to: (view, { data }) => (view ? { ...view, roles: data.roles } : null),
    },
    AccountAccessRevoked: { key: one, to: () => null },
    AccountOwnershipTransferred: {
      key: ({ data }) => [keyOf(data.accountId, data.ownerId), keyOf(data.accountId, data.previousOwnerId)],
      to: (view, { data }, key) => {
        if (key === keyOf(data.accountId, data.ownerId))
          return shown(data.accountId, data, ownerOf(data), ['owner'], view?.grantedAt ?? data.transferredAt);
        return view && data.previousOwnerRoles.length > 0
          ? { ...view, roles: data.previousOwnerRoles }
          : null;
      },
    },
    AccountAttached: { key: all, to: moved((data) => data) },
    AccountDetached: { key: all, to: moved((data) => ({ ...data, organizationId: null })) },
    AccountShared: {
      key: all,
      to: (view, { data }) => (view ? { ...view, seenBy: [...seenBy(data), data.withOrganizationId] } : null),
    },
    IndependentAccessRelinquished: {
      key: ({ data }) =>
        [...data.userIds, ...data.remainingUserIds].map((userId) => keyOf(data.accountId, userId)),
      to: (view, { data }) =>
        view && !data.userIds.includes(view.userId)
          ? { ...view, seenBy: seenBy(data).filter((id) => id !== data.relinquishedBy) }
          : null,
    },
  },
};
