import { type AssignableRole, type Decision, notFound, type Refusal, refuse } from '#kernel';
import type { Founding, UserEvent, Via } from './user.events.ts';
import type { Living, Person, User } from './user.ts';

interface Link {
  readonly tokenHash: string;
  readonly tokenExpiresAt: string;
}

/** How somebody comes: by signing up, by an invitation, by an address of a domain that lets them in. */
export type ArrivalCommand =
  | ({
      type: 'SignUp';
      founds: Founding | null;
      joinsAfterVerification: string | null;
    } & Link &
      Person)
  | {
      type: 'RegisterPendingUser';
      userId: string;
      email: string;
      domain: string;
      invitationId: string;
      /** Null: invited to an account that belongs to no organization. */
      organizationId: string | null;
    }
  /** AMB-27: somebody who comes by an invitation to an account alone. */
  | { type: 'ActivateInvitee'; givenName?: string | null; familyName?: string | null }
  | { type: 'CloseInvitation'; invitationId: string }
  | ({ type: 'RequestEmailVerification' } & Link)
  | { type: 'VerifyEmail'; tokenHash: string }
  /** A mailed link of another kind was used. */
  | { type: 'ProveAddress'; via: 'reset_link' }
  | {
      type: 'JoinOrganization';
      organizationId: string;
      role: AssignableRole | 'owner';
      via: Via;
      invitationId: string | null;
      /** Names that a new person chose while accepting. */
      givenName?: string | null;
      familyName?: string | null;
    };

type Of<Type extends ArrivalCommand['type']> = Extract<ArrivalCommand, { type: Type }>;

export const linkInvalid: Refusal = refuse('missing', 'link_invalid', 'This link is not valid.');

export const elsewhere: Refusal = refuse(
  'conflict',
  'user_belongs_to_another_organization',
  'This person belongs to another organization; a person can be in one at a time.',
);

export const signedUp = (command: Of<'SignUp'>, state: User, now: string): Decision<UserEvent> => {
  const { userId, email, domain, givenName, familyName, founds, joinsAfterVerification } = command;
  const requested: UserEvent = {
    type: 'EmailVerificationRequested',
    data: { userId, generation: 1, tokenHash: command.tokenHash, expiresAt: command.tokenExpiresAt },
  };
  if (state.status === 'unknown')
    return [
      {
        type: 'UserRegistered',
        data: {
          userId,
          email,
          domain,
          givenName,
          familyName,
          registeredAt: now,
          status: 'active',
          via: 'sign_up',
          founds,
          joinsAfterVerification,
        },
      },
      requested,
    ];
  if (state.status === 'pending')
    return [
      {
        type: 'UserActivated',
        data: {
          userId: state.userId,
          givenName,
          familyName,
          previousGivenName: state.givenName,
          previousFamilyName: state.familyName,
          founds,
          joinsAfterVerification,
        },
      },
      requested,
    ];
  return refuse('conflict', 'email_taken', 'Somebody has signed up with this address already.');
};

/** AMB-03. */
export const registeredPending = (
  { userId, email, domain, invitationId, organizationId }: Of<'RegisterPendingUser'>,
  state: User,
  now: string,
): Decision<UserEvent> => {
  if (state.status === 'unknown')
    return [
      {
        type: 'UserRegistered',
        data: {
          userId,
          email,
          domain,
          givenName: '',
          familyName: '',
          registeredAt: now,
          status: 'pending',
          via: 'invitation',
          invitationId,
          organizationId,
          joinsAfterVerification: null,
        },
      },
    ];
  if (state.status === 'discarded' || state.status === 'deleted') return notFound;
  return state.status === 'pending' && !state.openInvitations.includes(invitationId)
    ? [{ type: 'PendingUserInvited', data: { userId, invitationId, organizationId } }]
    : [];
};

export const invitationClosed = (
  { invitationId }: Of<'CloseInvitation'>,
  state: User,
): Decision<UserEvent> => {
  if (state.status !== 'pending' || !state.openInvitations.includes(invitationId)) return [];
  return [
    {
      type: state.openInvitations.length === 1 ? 'PendingUserDiscarded' : 'PendingUserInvitationClosed',
      data: { userId: state.userId, invitationId },
    },
  ];
};

export const verificationRequested = (
  { tokenHash, tokenExpiresAt }: Link,
  { userId, emailVerified: isVerified, verification }: Living,
): Decision<UserEvent> =>
  isVerified
    ? []
    : [
        {
          type: 'EmailVerificationRequested',
          data: {
            userId,
            generation: (verification?.generation ?? 0) + 1,
            tokenHash,
            expiresAt: tokenExpiresAt,
          },
        },
      ];

export const emailVerified = (
  { tokenHash }: Of<'VerifyEmail'>,
  state: User,
  now: string,
): Decision<UserEvent> => {
  if (state.status !== 'active' || state.emailVerified) return linkInvalid;
  const { userId, verification: latest, joinsAfterVerification: joins } = state;
  if (!latest || latest.tokenHash !== tokenHash || now >= latest.expiresAt) return linkInvalid;
  return [{ type: 'EmailVerified', data: { userId, via: 'verification_link', joins } }];
};

export const addressProved = ({ via }: Of<'ProveAddress'>, state: User): Decision<UserEvent> => {
  if (state.status !== 'active' || state.emailVerified) return [];
  const { userId, joinsAfterVerification: joins } = state;
  return [{ type: 'EmailVerified', data: { userId, via, joins } }];
};

/** A link that was used proves the address, wherever it leads. */
export const activated = (command: Of<'ActivateInvitee'>, state: User): Decision<UserEvent> => {
  if (state.status === 'unknown' || state.status === 'discarded' || state.status === 'deleted')
    return notFound;
  const { userId } = state;
  if (state.status !== 'pending') {
    const { emailVerified: isVerified, joinsAfterVerification: joins } = state;
    return isVerified ? [] : [{ type: 'EmailVerified', data: { userId, via: 'invitation_link', joins } }];
  }
  return [
    becomesActive(command, state),
    { type: 'EmailVerified', data: { userId, via: 'invitation_link', joins: null } },
  ];
};

const becomesActive = (
  chosen: { readonly givenName?: string | null; readonly familyName?: string | null },
  { userId, givenName: previousGivenName, familyName: previousFamilyName }: Person,
): UserEvent => ({
  type: 'UserActivated',
  data: {
    userId,
    givenName: chosen.givenName ?? previousGivenName,
    familyName: chosen.familyName ?? previousFamilyName,
    previousGivenName,
    previousFamilyName,
    founds: null,
    joinsAfterVerification: null,
  },
});

/** ORG-06: the one place where a person enters an organization; the stream's revision guards it. */
export const joined = (command: Of<'JoinOrganization'>, state: User, now: string): Decision<UserEvent> => {
  if (state.status === 'unknown' || state.status === 'discarded' || state.status === 'deleted')
    return notFound;
  const { organizationId, role, via, invitationId } = command;
  const { userId, email, domain } = state;
  if (state.status !== 'pending') {
    // AMB-33: whoever founds an organization belongs to it already, joined or about to.
    const home = state.membership?.organizationId ?? state.founded;
    if (home !== null && home !== organizationId) return elsewhere;
    if (state.membership) return [];
  }
  const givenName = command.givenName ?? state.givenName;
  const familyName = command.familyName ?? state.familyName;
  const events: UserEvent[] = [];
  if (state.status === 'pending') events.push(becomesActive(command, state));
  if (via === 'invitation' && !(state.status !== 'pending' && state.emailVerified))
    events.push({ type: 'EmailVerified', data: { userId, via: 'invitation_link', joins: null } });
  events.push({
    type: 'UserJoinedOrg',
    data: {
      userId,
      email,
      domain,
      givenName,
      familyName,
      organizationId,
      role,
      via,
      invitationId,
      joinedAt: now,
      emailVerified: via === 'invitation' || (state.status !== 'pending' && state.emailVerified),
      ownedAccountIds: state.status === 'pending' ? [] : state.keptAccounts,
    },
  });
  return events;
};
