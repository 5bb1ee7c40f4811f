import type { OrganizationRole, Projection } from '#kernel';
import type { UserEvent } from '#users';

/** One person who has an address of a domain, wherever they belong; the key is the user's id. */
export interface CandidateView {
  readonly userId: string;
  readonly email: string;
  readonly domain: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly status: 'active' | 'pending' | 'deactivated' | 'deleted';
  /** Where they belong, joined or about to. */
  readonly organizationId: string | null;
  readonly role: OrganizationRole | null;
  readonly signedUpAt: string;
}

const key = ({ data }: { data: { userId: string } }) => data.userId;

/** Everybody, by exact domain (DOM-07), with the organization they are in: what an import chooses from. */
export const candidates: Projection<CandidateView, UserEvent> = {
  name: 'import-candidates',
  version: 2,
  persons: ['userId'],
  indexes: [{ domain: 1, status: 1, signedUpAt: 1 }, { userId: 1 }],
  on: {
    UserRegistered: {
      key,
      to: (_view, { data }) => ({
        userId: data.userId,
        email: data.email,
        domain: data.domain,
        givenName: data.givenName,
        familyName: data.familyName,
        status: data.status,
        organizationId: data.status === 'active' ? (data.founds?.organizationId ?? null) : null,
        role: data.status === 'active' && data.founds ? 'owner' : null,
        signedUpAt: data.registeredAt,
      }),
    },
    UserActivated: {
      key,
      to: (view, { data, metadata }) =>
        view
          ? {
              ...view,
              givenName: data.givenName,
              familyName: data.familyName,
              status: 'active',
              organizationId: data.founds?.organizationId ?? null,
              role: data.founds ? 'owner' : null,
              signedUpAt: metadata.occurredAt,
            }
          : null,
    },
    PendingUserDiscarded: { key, to: () => null },
    UserJoinedOrg: {
      key,
      to: (view, { data }) =>
        view ? { ...view, organizationId: data.organizationId, role: data.role } : null,
    },
    OrganizationFounded: {
      key,
      to: (view, { data }) => (view ? { ...view, organizationId: data.organizationId, role: 'owner' } : null),
    },
    OrganizationRoleChanged: {
      key,
      to: (view, { data }) => (view ? { ...view, role: data.role } : null),
    },
    UserRemovedFromOrg: {
      key,
      to: (view) => (view ? { ...view, status: 'active', organizationId: null, role: null } : null),
    },
    UserDeactivated: { key, to: (view) => (view ? { ...view, status: 'deactivated' } : null) },
    UserReactivated: { key, to: (view) => (view ? { ...view, status: 'active' } : null) },
    UserEmailChanged: {
      key,
      to: (view, { data }) => (view ? { ...view, email: data.email, domain: data.domain } : null),
    },
    UserProfileUpdated: {
      key,
      to: (view, { data }) =>
        view ? { ...view, givenName: data.givenName, familyName: data.familyName } : null,
    },
    UserDeleted: { key, to: () => null },
  },
};
