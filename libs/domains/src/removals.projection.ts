import type { AccountEvent } from '#accounts';
import type { AccountRole, AssignableRole, Projection, RecordedEvent } from '#kernel';
import type { UserEvent } from '#users';

/** Somebody whom a lapse removed, with what they had: what a restore goes by (DOM-15). The key is the person. */
export interface RemovalView {
  readonly userId: string;
  readonly organizationId: string;
  readonly domain: string;
  readonly email: string;
  readonly role: AssignableRole;
  readonly removedAt: string;
  /** Where they are now; `back`: a restore brought them, `rejoined`: they came by another way. */
  readonly whereabouts: 'away' | 'back' | 'rejoined' | 'elsewhere' | 'deleted';
  /** Roles that they had on accounts of the organization. */
  readonly access: readonly { readonly accountId: string; readonly roles: readonly AccountRole[] }[];
  /** Accounts that they owned, and who got them. */
  readonly owned: readonly { readonly accountId: string; readonly ownerId: string }[];
}

type Of<Type extends UserEvent['type']> = RecordedEvent<Extract<UserEvent, { type: Type }>>;

const ofUser = ({ data }: { data: { userId: string } }): string => data.userId;

const removed = (view: RemovalView | undefined, { data }: Of<'UserRemovedFromOrg'>): RemovalView | null => {
  if (data.reason !== 'domain_validation_lapsed' || data.role === 'owner') {
    const leftElsewhere = view && view.organizationId !== data.organizationId;
    return leftElsewhere ? { ...view, whereabouts: 'away' } : null;
  }
  const { userId, organizationId, domain, email, role, removedAt } = data;
  return {
    userId,
    organizationId,
    domain,
    email,
    role,
    removedAt,
    whereabouts: 'away',
    access: [],
    owned: [],
  };
};

const becauseTheyLeft = (
  view: RemovalView | undefined,
  { organizationId, cause }: { organizationId: string | null; cause: { type: string } | null },
): view is RemovalView =>
  view !== undefined &&
  view.whereabouts !== 'back' &&
  view.whereabouts !== 'rejoined' &&
  view.organizationId === organizationId &&
  cause?.type === 'user_removed_from_organization';

export const removals: Projection<RemovalView, UserEvent | AccountEvent> = {
  name: 'removals',
  version: 3,
  persons: ['userId'],
  indexes: [{ organizationId: 1, domain: 1, userId: 1 }, { userId: 1 }],
  counted: { scope: 'organizationId', by: ['domain', 'whereabouts'] },
  on: {
    UserRemovedFromOrg: { key: ofUser, to: removed },
    UserJoinedOrg: {
      key: ofUser,
      to: (view, { data: { organizationId, via } }) => {
        if (!view) return null;
        if (organizationId !== view.organizationId) return { ...view, whereabouts: 'elsewhere' };
        return { ...view, whereabouts: via === 'restore' ? 'back' : 'rejoined' };
      },
    },
    UserDeleted: {
      key: ofUser,
      to: (view) => (view ? { ...view, email: '', whereabouts: 'deleted' } : null),
    },
    AccountAccessRevoked: {
      key: ofUser,
      to: (view, { data }) =>
        becauseTheyLeft(view, data)
          ? { ...view, access: [...view.access, { accountId: data.accountId, roles: data.previousRoles }] }
          : (view ?? null),
    },
    AccountOwnershipTransferred: {
      key: ({ data }) => data.previousOwnerId,
      to: (view, { data }) =>
        becauseTheyLeft(view, data)
          ? { ...view, owned: [...view.owned, { accountId: data.accountId, ownerId: data.ownerId }] }
          : (view ?? null),
    },
  },
};
