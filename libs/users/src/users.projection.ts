import type { AccountEvent } from '#accounts';
import type { InvitationEvent } from '#invitations';
import { type OrganizationRole, type Projection, type RecordedEvent, searchWords } from '#kernel';
import type { OrganizationEvent } from '#organizations';
import type { UserEvent } from './user.events.ts';

/** One person as one organization sees them; the key is `organization:user`. */
export interface UserView {
  readonly userId: string;
  readonly organizationId: string;
  readonly kind: 'managed' | 'independent' | 'pending';
  readonly email: string;
  readonly domain: string;
  readonly givenName: string;
  readonly familyName: string;
  /** Family name, given name and address: what "by name" sorts by. */
  readonly name: string;
  readonly words: readonly string[];
  readonly role: OrganizationRole | null;
  readonly status: 'active' | 'deactivated' | 'pending';
  readonly emailVerified: boolean;
  readonly twoFactorRequired: boolean;
  readonly accounts: number;
  readonly accountIds: readonly string[];
  readonly joinedAt: string | null;
  /** Of the person's own stream. */
  readonly revision: number;
  readonly invitation: {
    readonly invitationId: string;
    readonly invitedBy: string;
    readonly sentAt: string;
    readonly expiresAt: string;
    readonly timesSent: number;
    readonly isMerge: boolean;
  } | null;
}

type Events = UserEvent | OrganizationEvent | AccountEvent | InvitationEvent;
type Of<Type extends Events['type']> = RecordedEvent<Extract<Events, { type: Type }>>;

const keyOf = (organizationId: string, userId: string): string => `${organizationId}:${userId}`;
const aboutBoth = ({ data }: { data: { organizationId: string; userId: string } }): string =>
  keyOf(data.organizationId, data.userId);

const inTheirOrganization = ({
  data: { organizationId, userId },
}: {
  data: { organizationId: string | null; userId: string };
}): string | string[] => (organizationId === null ? [] : keyOf(organizationId, userId));

interface Home {
  readonly organizationId: string | null;
  readonly sharedWith: readonly string[];
}

/** Wherever the account is seen: at home, and where it is shared. */
const seenIn = ({ organizationId, sharedWith }: Home): string[] => [
  ...(organizationId === null ? [] : [organizationId]),
  ...sharedWith,
];
const whereverSeen = ({ data }: { data: Home & { userId: string } }): string[] =>
  seenIn(data).map((organizationId) => keyOf(organizationId, data.userId));

const named = (view: UserView, givenName: string, familyName: string): UserView => ({
  ...view,
  givenName,
  familyName,
  name: `${familyName} ${givenName} ${view.email}`.trim().toLowerCase(),
  words: searchWords(`${givenName} ${familyName}`, `${familyName} ${givenName}`, view.email),
});

const pendingUser = ({ data }: Of<'InviteSent'> | Of<'InviteResent'>): UserView =>
  named(
    {
      userId: data.userId,
      organizationId: data.organizationId ?? '',
      kind: 'pending',
      email: data.email,
      domain: data.domain,
      givenName: '',
      familyName: '',
      name: '',
      words: [],
      role: data.role,
      status: 'pending',
      emailVerified: false,
      twoFactorRequired: false,
      accounts: 0,
      accountIds: [],
      joinedAt: null,
      revision: 0,
      invitation: {
        invitationId: data.invitationId,
        invitedBy: data.invitedBy,
        sentAt: data.sentAt,
        expiresAt: data.expiresAt,
        timesSent: data.generation,
        isMerge: data.absorbs !== null,
      },
    },
    '',
    '',
  );

const invited = {
  // Whoever is invited to an account alone is not about to become a user of its organization (USR-02): the account
  // lists them (INV-06).
  key: ({ data }: Of<'InviteSent'> | Of<'InviteResent'>): string | string[] =>
    data.accountId === null && data.organizationId !== null ? keyOf(data.organizationId, data.userId) : [],
  to: (view: UserView | undefined, event: Of<'InviteSent'> | Of<'InviteResent'>): UserView => {
    if (view && view.kind !== 'pending') return view;
    const { accounts = 0, accountIds = [] } = view ?? {};
    return { ...pendingUser(event), accounts, accountIds };
  },
};

/** Shows nothing new, but the person's stream has moved on, and with it the resource's `ETag`. */
const stamped = {
  key: ({ data, metadata }: { data: { userId: string }; metadata: { organizationId: string | null } }) =>
    metadata.organizationId ? keyOf(metadata.organizationId, data.userId) : [],
  to: (view: UserView | undefined, { revision }: { revision: number }): UserView | null =>
    view ? { ...view, revision } : null,
};

const closed = {
  key: inTheirOrganization,
  to: (view: UserView | undefined, { data }: { data: { invitationId: string } }): UserView | null => {
    if (!(view?.kind === 'pending' && view.invitation?.invitationId === data.invitationId))
      return view ?? null;
    return view.accounts > 0 ? { ...view, ...outside } : null;
  },
};

/** USR-02: in no list but that of who gave them access to an account. */
const outside = {
  kind: 'independent',
  status: 'active',
  role: null,
  joinedAt: null,
  invitation: null,
} as const;

const withAccount = (view: UserView, accountId: string): UserView =>
  view.accountIds.includes(accountId)
    ? view
    : { ...view, accounts: view.accounts + 1, accountIds: [...view.accountIds, accountId] };

const withoutAccount = (view: UserView | undefined, accountId: string): UserView | null => {
  if (!view?.accountIds.includes(accountId)) return view ?? null;
  const accountIds = view.accountIds.filter((id) => id !== accountId);
  return view.kind === 'independent' && accountIds.length === 0
    ? null
    : { ...view, accounts: accountIds.length, accountIds };
};

/** An account of somebody else counts for people of the organization that it is shared with, and makes nobody known there. */
const withShared = (view: UserView | undefined, accountId: string): UserView | null =>
  view?.kind === 'managed' ? withAccount(view, accountId) : (view ?? null);

const granted = {
  key: whereverSeen,
  to: (
    view: UserView | undefined,
    { data }: Of<'AccountAccessGranted'> | Of<'AccountAccessCarriedOver'>,
    key: string,
  ): UserView | null => {
    if (key !== keyOf(data.organizationId ?? '', data.userId)) return withShared(view, data.accountId);
    return withAccount(view ?? independentUser(data), data.accountId);
  },
};

const independentUser = ({
  userId,
  organizationId,
  email,
  domain,
  givenName,
  familyName,
}: (Of<'AccountAccessGranted'> | Of<'AccountAccessCarriedOver'>)['data']): UserView =>
  named(
    {
      userId,
      organizationId: organizationId ?? '',
      email,
      domain,
      givenName,
      familyName,
      name: '',
      words: [],
      emailVerified: true,
      twoFactorRequired: false,
      accounts: 0,
      accountIds: [],
      revision: 0,
      ...outside,
    },
    givenName,
    familyName,
  );

export const users: Projection<UserView, Events> = {
  name: 'users',
  version: 8,
  since: 3,
  persons: ['userId'],
  indexes: [
    { organizationId: 1, name: 1 },
    { organizationId: 1, email: 1 },
    { organizationId: 1, joinedAt: 1 },
    { organizationId: 1, words: 1 },
    { userId: 1 },
  ],
  // Every version of somebody with thousands of accounts would have as many entries.
  currentIndexes: [{ organizationId: 1, accountIds: 1 }],
  counted: {
    scope: 'organizationId',
    by: ['kind', 'role', 'status', 'domain', 'twoFactorRequired'],
    inOrderOf: ['name', 'email', 'joinedAt'],
  },
  searched: { scope: 'organizationId', in: 'words', inOrderOf: ['name', 'email', 'joinedAt'] },
  on: {
    // The newest invitation is the one that counts: an earlier one has expired by time.
    InviteSent: invited,
    InviteResent: invited,
    InviteDeclined: closed,
    InviteCancelled: closed,
    InviteExpired: closed,
    InviteAcceptanceReverted: closed,
    UserJoinedOrg: {
      key: aboutBoth,
      to: (view, { data, revision }) =>
        named(
          {
            ...(view ?? { accounts: 0, accountIds: [], twoFactorRequired: false, name: '', words: [] }),
            userId: data.userId,
            organizationId: data.organizationId,
            kind: 'managed',
            email: data.email,
            domain: data.domain,
            givenName: '',
            familyName: '',
            role: data.role,
            status: 'active',
            emailVerified: data.emailVerified,
            joinedAt: data.joinedAt,
            revision,
            invitation: null,
          },
          data.givenName,
          data.familyName,
        ),
    },
    UserProfileUpdated: {
      key: ({ data }) => (data.organizationId ? keyOf(data.organizationId, data.userId) : []),
      to: (view, { data, revision }) =>
        view ? { ...named(view, data.givenName, data.familyName), revision } : null,
    },
    UserEmailChanged: {
      key: aboutBoth,
      to: (view, { data: { email, domain }, revision }) =>
        view
          ? {
              ...named({ ...view, email, domain, emailVerified: false }, view.givenName, view.familyName),
              revision,
            }
          : null,
    },
    OrganizationRoleChanged: {
      key: aboutBoth,
      to: (view, { data: { role }, revision }) => (view ? { ...view, role, revision } : null),
    },
    // ORG-11: both people change in one event, so that no list ever shows two Owners or none.
    OrganizationOwnershipTransferred: {
      key: ({ data: { organizationId, ownerId, previousOwnerId } }) =>
        [ownerId, previousOwnerId].map((userId) => keyOf(organizationId, userId)),
      to: (view, { data: { ownerId, previousOwnerRole } }) =>
        view ? { ...view, role: view.userId === ownerId ? 'owner' : previousOwnerRole } : null,
    },
    TwoFactorRequirementChanged: {
      key: aboutBoth,
      to: (view, { data: { required: twoFactorRequired }, revision }) =>
        view ? { ...view, twoFactorRequired, revision } : null,
    },
    UserDeactivated: {
      key: aboutBoth,
      to: (view, { revision }) => (view ? { ...view, status: 'deactivated', revision } : null),
    },
    UserReactivated: {
      key: aboutBoth,
      to: (view, { revision }) => (view ? { ...view, status: 'active', revision } : null),
    },
    UserRemovedFromOrg: { key: aboutBoth, to: () => null },
    OwnerNominated: stamped,
    EmailVerificationRequested: stamped,
    PendingUserInvited: stamped,
    PendingUserInvitationClosed: stamped,
    UserRegistered: stamped,
    UserActivated: stamped,
    EmailVerified: {
      key: ({ data, metadata }) =>
        metadata.organizationId ? keyOf(metadata.organizationId, data.userId) : [],
      to: (view, { revision }) =>
        view?.kind === 'managed' ? { ...view, emailVerified: true, revision } : (view ?? null),
    },
    AccountCreated: {
      key: ({ data }) => keyOf(data.organizationId, data.ownerId),
      to: (view, { data }) => (view ? withAccount(view, data.accountId) : null),
    },
    AccountAccessGranted: granted,
    AccountAccessCarriedOver: granted,
    AccountUserUpdated: {
      key: inTheirOrganization,
      to: (view, { data: { email, domain, givenName, familyName } }) =>
        view?.kind === 'independent'
          ? named({ ...view, email, domain }, givenName, familyName)
          : (view ?? null),
    },
    AccountAccessRevoked: {
      key: whereverSeen,
      to: (view, { data }) => withoutAccount(view, data.accountId),
    },
    AccountOwnershipTransferred: {
      key: ({ data }) =>
        seenIn(data).flatMap((organizationId) => [
          keyOf(organizationId, data.ownerId),
          keyOf(organizationId, data.previousOwnerId),
        ]),
      to: (view, { data }) => {
        if (view?.userId === data.ownerId)
          return view.organizationId === data.organizationId
            ? withAccount(view, data.accountId)
            : withShared(view, data.accountId);
        return data.previousOwnerRoles.length === 0 ? withoutAccount(view, data.accountId) : (view ?? null);
      },
    },
    AccountAttached: {
      key: ({ data: { previousOrganizationId, userIds } }) =>
        previousOrganizationId === null ? [] : userIds.map((userId) => keyOf(previousOrganizationId, userId)),
      to: (view, { data }) => withoutAccount(view, data.accountId),
    },
    AccountShared: {
      key: ({ data: { withOrganizationId, userIds } }) =>
        userIds.map((userId) => keyOf(withOrganizationId, userId)),
      to: (view, { data }) => withShared(view, data.accountId),
    },
    IndependentAccessRelinquished: {
      key: ({ data: { relinquishedBy, userIds, remainingUserIds } }) =>
        [...userIds, ...remainingUserIds].map((userId) => keyOf(relinquishedBy, userId)),
      to: (view, { data }) => withoutAccount(view, data.accountId),
    },
    AccountDetached: {
      key: ({ data: { organizationId, userIds } }) =>
        organizationId === null ? [] : userIds.map((userId) => keyOf(organizationId, userId)),
      to: (view, { data }) => withoutAccount(view, data.accountId),
    },
  },
};
