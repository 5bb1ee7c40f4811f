import { type Decider, notFound, type OrganizationRole, unreachable } from '#kernel';
import {
  type ArrivalCommand,
  activated,
  addressProved,
  emailVerified,
  invitationClosed,
  joined,
  registeredPending,
  signedUp,
  verificationRequested,
} from './user.arrival.ts';
import { type AccountOwners, type DepartureCommand, departed, partings } from './user.departure.ts';
import type { UserEvent } from './user.events.ts';
import { changed, type MemberCommand } from './user.membership.ts';
import { type MoveCommand, moved } from './user.move.ts';

export interface Person {
  readonly userId: string;
  readonly email: string;
  readonly domain: string;
  readonly givenName: string;
  readonly familyName: string;
}

export interface Membership {
  readonly organizationId: string;
  readonly role: OrganizationRole;
  /** Until then this person may become the Owner at any moment and stays as they are. */
  readonly nominatedUntil: string | null;
}

export interface Life extends Person {
  readonly emailVerified: boolean;
  /** The organization this person founds; its history begins with the sign-up. */
  readonly founded: string | null;
  readonly joinsAfterVerification: string | null;
  readonly verification: {
    readonly generation: number;
    readonly tokenHash: string;
    readonly expiresAt: string;
  } | null;
  readonly membership: Membership | null;
  readonly twoFactorRequired: boolean;
  /** What this person took along when they left an organization, and has not lost since (USR-09). */
  readonly keptAccounts: readonly string[];
  /** By organization that they left: who was to own their accounts there (USR-08). */
  readonly accountOwners: Readonly<Record<string, AccountOwners>>;
}

export type User =
  | { readonly status: 'unknown' }
  | ({ readonly status: 'discarded' } & Person)
  | ({
      readonly status: 'pending';
      readonly openInvitations: readonly string[];
      /** Whose history tells of them; null: nobody's, as more than one has invited them. */
      readonly organizationId: string | null;
    } & Person)
  | ({ readonly status: 'active' } & Life)
  | ({ readonly status: 'deactivated' } & Life)
  | ({ readonly status: 'deleted' } & Pick<Life, 'userId' | 'accountOwners'>);

export type ActiveUser = Extract<User, { status: 'active' }>;

/** Somebody who has come and has not been deleted. */
export type Living = Extract<User, { status: 'active' | 'deactivated' }>;

export type UserCommand = ArrivalCommand | MemberCommand | DepartureCommand | MoveCommand;

export const isLiving = (state: User): state is Living =>
  state.status === 'active' || state.status === 'deactivated';

const begun = {
  emailVerified: false,
  verification: null,
  membership: null,
  twoFactorRequired: false,
  keptAccounts: [],
  accountOwners: {},
} as const;

const evolve = (state: User, event: UserEvent): User => {
  if (event.type === 'UserRegistered') {
    const { userId, email, domain, givenName, familyName, joinsAfterVerification } = event.data;
    const person = { userId, email, domain, givenName, familyName };
    return event.data.status === 'pending'
      ? {
          status: 'pending',
          ...person,
          openInvitations: [event.data.invitationId],
          organizationId: event.data.organizationId,
        }
      : {
          status: 'active',
          ...person,
          ...begun,
          founded: event.data.founds?.organizationId ?? null,
          joinsAfterVerification,
        };
  }
  if (state.status === 'pending') return evolvePending(state, event);
  return isLiving(state) ? evolveLiving(state, event) : state;
};

const evolvePending = (state: Extract<User, { status: 'pending' }>, event: UserEvent): User => {
  const { userId, email, domain, givenName, familyName } = state;
  const person: Person = { userId, email, domain, givenName, familyName };
  switch (event.type) {
    case 'PendingUserInvited': {
      const { invitationId, organizationId } = event.data;
      return {
        ...state,
        openInvitations: [...state.openInvitations, invitationId],
        organizationId: organizationId === state.organizationId ? organizationId : null,
      };
    }
    case 'PendingUserInvitationClosed':
      return {
        ...state,
        openInvitations: state.openInvitations.filter((id) => id !== event.data.invitationId),
      };
    case 'PendingUserDiscarded':
      return { status: 'discarded', ...person };
    case 'UserActivated':
      return {
        status: 'active',
        ...person,
        ...begun,
        givenName: event.data.givenName,
        familyName: event.data.familyName,
        founded: event.data.founds?.organizationId ?? null,
        joinsAfterVerification: event.data.joinsAfterVerification,
      };
    default:
      return state;
  }
};

const evolveLiving = (state: Living, event: UserEvent): User => {
  switch (event.type) {
    case 'UserProfileUpdated':
      return { ...state, givenName: event.data.givenName, familyName: event.data.familyName };
    case 'EmailVerificationRequested': {
      const { generation, tokenHash, expiresAt } = event.data;
      return { ...state, verification: { generation, tokenHash, expiresAt } };
    }
    case 'EmailVerified':
      return { ...state, emailVerified: true, joinsAfterVerification: null };
    case 'OrganizationFounded':
      return { ...state, founded: event.data.organizationId };
    case 'UserJoinedOrg': {
      const { organizationId, role } = event.data;
      return { ...state, membership: { organizationId, role, nominatedUntil: null } };
    }
    case 'UserEmailChanged':
      return { ...state, email: event.data.email, domain: event.data.domain, emailVerified: false };
    case 'OrganizationRoleChanged': {
      if (!state.membership) return state;
      const { role } = event.data;
      // Only becoming the Owner ends a nomination: what an earlier transfer still has to say does not.
      const nominatedUntil = role === 'owner' ? null : state.membership.nominatedUntil;
      return { ...state, membership: { ...state.membership, role, nominatedUntil } };
    }
    case 'OwnerNominated':
      return state.membership
        ? { ...state, membership: { ...state.membership, nominatedUntil: event.data.until } }
        : state;
    case 'TwoFactorRequirementChanged':
      return { ...state, twoFactorRequired: event.data.required };
    case 'UserDeactivated':
      return { ...state, status: 'deactivated' };
    case 'UserReactivated':
      return { ...state, status: 'active' };
    case 'UserRemovedFromOrg':
      // What the organization imposed ends with it (ACK-01).
      return {
        ...state,
        status: 'active',
        membership: null,
        founded: null,
        twoFactorRequired: false,
        ...partings(state, event.data),
      };
    case 'UserDeleted':
      return { status: 'deleted', userId: state.userId, accountOwners: state.accountOwners };
    case 'UserRegistered':
    case 'PendingUserInvited':
    case 'PendingUserInvitationClosed':
    case 'PendingUserDiscarded':
    case 'UserActivated':
    case 'UserDataErased':
      return state;
    default:
      return unreachable(event, state);
  }
};

export const user: Decider<User, UserCommand, UserEvent> = {
  category: 'user',
  initial: { status: 'unknown' },
  evolve,
  forgets: ({ type }) => type === 'UserDeleted',
  organizationOf: (state) => {
    if (state.status === 'pending') return state.organizationId;
    return isLiving(state) ? (state.membership?.organizationId ?? state.founded) : null;
  },
  decide: (command, state, { now }) => {
    switch (command.type) {
      case 'SignUp':
        return signedUp(command, state, now);
      case 'RegisterPendingUser':
        return registeredPending(command, state, now);
      case 'ActivateInvitee':
        return activated(command, state);
      case 'CloseInvitation':
        return invitationClosed(command, state);
      case 'RequestEmailVerification':
        if (state.status === 'pending') return [];
        return isLiving(state) ? verificationRequested(command, state) : notFound;
      case 'VerifyEmail':
        return emailVerified(command, state, now);
      case 'ProveAddress':
        return addressProved(command, state);
      case 'JoinOrganization':
        return joined(command, state, now);
      case 'RemoveUser':
      case 'DeleteUser':
      case 'LeaveOrganization':
        return isLiving(state) ? departed(command, state, now) : notFound;
      case 'MoveToOrganization':
        return isLiving(state) ? moved(command, state, now) : [];
      case 'FollowOwnership':
        return isLiving(state) ? changed(command, state, now) : [];
      default:
        return isLiving(state) ? changed(command, state, now) : notFound;
    }
  },
};
