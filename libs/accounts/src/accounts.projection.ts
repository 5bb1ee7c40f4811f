import { foldCase, type Projection, searchWords } from '#kernel';
import type { UserEvent } from '#users';
import type { AccountEvent } from './account.events.ts';
import type { AccountStatus } from './account.ts';
import type { AccountAdditionEvent, AdditionKind } from './account-addition.ts';

/**
 * One account as one organization sees it. The key is the account's id, where it is managed or at home with nobody;
 * `organization:account` where it is shared with an organization, or asked for by one.
 */
export interface AccountView {
  readonly accountId: string;
  /** Whose list this stands in. */
  readonly organizationId: string | null;
  readonly managedBy: string | null;
  /** Its Owner has joined there and it has not followed yet: it counts there already, as long as they stay (ACC-11). */
  readonly comesTo: string | null;
  readonly name: string;
  /** What "by name" sorts by, whatever is written large. */
  readonly sortName: string;
  readonly kind: 'managed' | 'independent' | 'pending';
  readonly status: AccountStatus;
  /** Null: the organization may not know it before the owner has agreed. */
  readonly ownerId: string | null;
  readonly users: number;
  readonly twoFactorRequired: boolean;
  /** Of a pending one. */
  readonly addition: {
    readonly additionId: string;
    readonly kind: AdditionKind;
    readonly expiresAt: string;
  } | null;
  readonly words: readonly string[];
  readonly createdAt: string;
  readonly revision: number;
}

export const sharedKey = (organizationId: string, accountId: string): string =>
  `${organizationId}:${accountId}`;

const called = (name: string): Pick<AccountView, 'name' | 'sortName' | 'words'> => ({
  name,
  sortName: foldCase(name),
  words: searchWords(name),
});

interface About {
  readonly accountId: string;
  readonly sharedWith: readonly string[];
}

const everywhere = ({ data }: { data: About }): string[] => [
  data.accountId,
  ...data.sharedWith.map((organizationId) => sharedKey(organizationId, data.accountId)),
];

const changed =
  <Data extends About>(change: (data: Data, view: AccountView) => Partial<AccountView>) =>
  (view: AccountView | undefined, { data, revision }: { data: Data; revision: number }): AccountView | null =>
    view ? { ...view, ...change(data, view), revision } : null;

const becomes = (status: AccountStatus) => ({ key: everywhere, to: changed(() => ({ status })) });

type AdditionEnd = Extract<
  AccountAdditionEvent,
  {
    type:
      | 'AccountAdditionDeclined'
      | 'AccountAdditionExpired'
      | 'AccountAdditionReverted'
      | 'AccountAdditionWithdrawn';
  }
>;

const ended = {
  key: ({ data }: { data: AdditionEnd['data'] }): string => sharedKey(data.organizationId, data.accountId),
  to: (view: AccountView | undefined, { data }: { data: AdditionEnd['data'] }): AccountView | null =>
    view?.addition?.additionId === data.additionId ? null : (view ?? null),
};

export const accounts: Projection<AccountView, AccountEvent | AccountAdditionEvent | UserEvent> = {
  name: 'accounts',
  version: 6,
  indexes: [
    { organizationId: 1, sortName: 1 },
    { organizationId: 1, createdAt: 1 },
    { organizationId: 1, kind: 1, sortName: 1 },
    { organizationId: 1, status: 1, sortName: 1 },
    { organizationId: 1, ownerId: 1, sortName: 1 },
    { organizationId: 1, words: 1 },
    { comesTo: 1, accountId: 1 },
  ],
  counted: { scope: 'organizationId', by: ['kind', 'status'] },
  on: {
    AccountCreated: {
      key: ({ data }) => data.accountId,
      to: (_view, { data, revision }) => ({
        accountId: data.accountId,
        organizationId: data.organizationId,
        managedBy: data.organizationId,
        comesTo: null,
        ...called(data.name),
        kind: 'managed',
        status: 'active',
        ownerId: data.ownerId,
        users: 1,
        twoFactorRequired: false,
        addition: null,
        createdAt: data.createdAt,
        revision,
      }),
    },
    AccountRenamed: {
      key: everywhere,
      to: changed(({ name }) => called(name)),
    },
    AccountTwoFactorRequirementChanged: {
      key: everywhere,
      to: changed(({ required }) => ({ twoFactorRequired: required })),
    },
    UserJoinedOrg: {
      key: ({ data }) => data.ownedAccountIds,
      to: (view, { data }) => (view ? { ...view, comesTo: data.organizationId } : null),
    },
    AccountAttached: {
      key: (event) => [...everywhere(event), sharedKey(event.data.organizationId, event.data.accountId)],
      to: (view, { data, revision }, key) => {
        if (!view || key === sharedKey(data.organizationId, data.accountId)) return null;
        const { organizationId: managedBy } = data;
        const comesTo = view.comesTo === managedBy ? null : view.comesTo;
        return key === data.accountId
          ? { ...view, organizationId: managedBy, managedBy, comesTo, kind: 'managed', revision }
          : { ...view, managedBy, revision };
      },
    },
    AccountAccessCarriedOver: { key: everywhere, to: changed(() => ({})) },
    AccountUserUpdated: { key: everywhere, to: changed(() => ({})) },
    AccountDetached: {
      key: everywhere,
      to: (view, { data, revision }, key) => {
        if (!view) return null;
        const left = { ...view, managedBy: null, revision };
        return key === data.accountId ? { ...left, organizationId: null, kind: 'independent' } : left;
      },
    },
    AccountShared: {
      key: (event) => [...everywhere(event), sharedKey(event.data.withOrganizationId, event.data.accountId)],
      to: (view, { data, revision }, key) => {
        const { accountId, name, ownerId, userIds, twoFactorRequired, status, createdAt } = data;
        if (key !== sharedKey(data.withOrganizationId, accountId)) return view ? { ...view, revision } : null;
        return {
          accountId,
          organizationId: data.withOrganizationId,
          managedBy: data.organizationId,
          comesTo: null,
          ...called(name),
          kind: 'independent',
          status,
          ownerId,
          users: userIds.length,
          twoFactorRequired,
          addition: null,
          createdAt,
          revision,
        };
      },
    },
    IndependentAccessRelinquished: {
      key: everywhere,
      to: (view, { data, revision }, key) =>
        view && key !== sharedKey(data.relinquishedBy, data.accountId)
          ? { ...view, users: data.remainingUserIds.length, revision }
          : null,
    },
    AccountOwnershipTransferred: {
      key: everywhere,
      to: changed(({ ownerId, previousRoles, previousOwnerRoles }, { users }) => ({
        ownerId,
        users: users + (previousRoles.length === 0 ? 1 : 0) - (previousOwnerRoles.length === 0 ? 1 : 0),
      })),
    },
    AccountAccessGranted: { key: everywhere, to: changed((_data, { users }) => ({ users: users + 1 })) },
    AccountRolesChanged: { key: everywhere, to: changed(() => ({})) },
    AccountAccessRevoked: { key: everywhere, to: changed((_data, { users }) => ({ users: users - 1 })) },
    AccountAdditionRequested: {
      key: ({ data }) => sharedKey(data.organizationId, data.accountId),
      to: (view, { data, revision }) =>
        view && view.kind !== 'pending'
          ? view
          : {
              accountId: data.accountId,
              organizationId: data.organizationId,
              managedBy: null,
              comesTo: null,
              ...called(data.name),
              kind: 'pending',
              status: 'active',
              ownerId: data.kind === 'managed' ? data.ownerId : null,
              users: 0,
              twoFactorRequired: false,
              addition: { additionId: data.additionId, kind: data.kind, expiresAt: data.expiresAt },
              createdAt: data.requestedAt,
              revision,
            },
    },
    AccountAdditionDeclined: ended,
    AccountAdditionExpired: ended,
    AccountAdditionReverted: ended,
    AccountAdditionWithdrawn: ended,
    AccountSuspended: becomes('suspended'),
    AccountReactivated: becomes('active'),
    AccountClosureRequested: becomes('pending_closure'),
    AccountClosed: becomes('closed'),
  },
};
