import {
  type AssignableRole,
  type Decider,
  type Event,
  notFound,
  type OrganizationRole,
  type Refusal,
  refuse,
  unreachable,
} from '#kernel';

/** What a person who signs up founds: ORG-04, the organization and its first account. */
export interface Founding {
  readonly organizationId: string;
  readonly organizationName: string;
  readonly accountId: string;
  readonly accountName: string;
}

type Via = 'sign_up' | 'request' | 'invitation';

export type UserEvent =
  | Event<
      'UserRegistered',
      {
        userId: string;
        email: string;
        domain: string;
        givenName: string;
        familyName: string;
        registeredAt: string;
      } & (
        | { status: 'active'; via: 'sign_up'; founds: Founding }
        | { status: 'pending'; via: 'invitation'; invitationId: string; organizationId: string }
      )
    >
  | Event<'PendingUserInvited', { userId: string; invitationId: string; organizationId: string }>
  | Event<'PendingUserInvitationClosed', { userId: string; invitationId: string }>
  | Event<'PendingUserDiscarded', { userId: string; invitationId: string }>
  | Event<
      'UserActivated',
      {
        userId: string;
        givenName: string;
        familyName: string;
        previousGivenName: string;
        previousFamilyName: string;
        founds: Founding | null;
      }
    >
  | Event<
      'EmailVerificationRequested',
      { userId: string; generation: number; tokenHash: string; expiresAt: string }
    >
  | Event<'EmailVerified', { userId: string; via: 'verification_link' | 'invitation_link' }>
  | Event<
      'UserJoinedOrg',
      {
        userId: string;
        email: string;
        domain: string;
        givenName: string;
        familyName: string;
        organizationId: string;
        role: OrganizationRole;
        via: Via;
        invitationId: string | null;
        joinedAt: string;
      }
    >
  | Event<
      'UserProfileUpdated',
      {
        userId: string;
        organizationId: string | null;
        givenName: string;
        familyName: string;
        previousGivenName: string;
        previousFamilyName: string;
      }
    >;

interface Person {
  readonly userId: string;
  readonly email: string;
  readonly domain: string;
  readonly givenName: string;
  readonly familyName: string;
}

export interface Membership {
  readonly organizationId: string;
  readonly role: OrganizationRole;
}

export type User =
  | { readonly status: 'unknown' }
  | ({ readonly status: 'discarded' } & Person)
  | ({
      readonly status: 'pending';
      readonly openInvitations: readonly string[];
      readonly organizationId: string;
    } & Person)
  | ({
      readonly status: 'active';
      readonly emailVerified: boolean;
      /** The organization this person founded by signing up; its history begins with the sign-up. */
      readonly founded: string | null;
      readonly verification: {
        readonly generation: number;
        readonly tokenHash: string;
        readonly expiresAt: string;
      } | null;
      readonly membership: Membership | null;
    } & Person);

export type ActiveUser = Extract<User, { status: 'active' }>;

export type UserCommand =
  | ({ type: 'SignUp'; founds: Founding; tokenHash: string; tokenExpiresAt: string } & Person)
  | {
      type: 'RegisterPendingUser';
      userId: string;
      email: string;
      domain: string;
      invitationId: string;
      organizationId: string;
    }
  | { type: 'CloseInvitation'; invitationId: string }
  | { type: 'RequestEmailVerification'; tokenHash: string; tokenExpiresAt: string }
  | { type: 'VerifyEmail'; tokenHash: string }
  | {
      type: 'JoinOrganization';
      organizationId: string;
      role: AssignableRole | 'owner';
      via: Via;
      invitationId: string | null;
      /** Names that a new person chose while accepting. */
      givenName?: string | null;
      familyName?: string | null;
    }
  | { type: 'UpdateProfile'; givenName?: string; familyName?: string };

const linkInvalid: Refusal = refuse('missing', 'link_invalid', 'This link is not valid.');

const evolve = (state: User, event: UserEvent): User => {
  if (event.type === 'UserRegistered') {
    const { userId, email, domain, givenName, familyName } = event.data;
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
          emailVerified: false,
          founded: event.data.founds.organizationId,
          verification: null,
          membership: null,
        };
  }
  if (state.status === 'unknown') return state;
  const { userId, email, domain, givenName, familyName } = state;
  const person: Person = { userId, email, domain, givenName, familyName };
  switch (event.type) {
    case 'PendingUserInvited':
      return state.status === 'pending'
        ? { ...state, openInvitations: [...state.openInvitations, event.data.invitationId] }
        : state;
    case 'PendingUserInvitationClosed':
      return state.status === 'pending'
        ? { ...state, openInvitations: state.openInvitations.filter((id) => id !== event.data.invitationId) }
        : state;
    case 'PendingUserDiscarded':
      return { status: 'discarded', ...person };
    case 'UserActivated':
      return {
        status: 'active',
        ...person,
        givenName: event.data.givenName,
        familyName: event.data.familyName,
        emailVerified: false,
        founded: event.data.founds?.organizationId ?? null,
        verification: null,
        membership: null,
      };
    case 'UserProfileUpdated':
      return { ...state, givenName: event.data.givenName, familyName: event.data.familyName };
    case 'EmailVerificationRequested': {
      const { generation, tokenHash, expiresAt } = event.data;
      return state.status === 'active'
        ? { ...state, verification: { generation, tokenHash, expiresAt } }
        : state;
    }
    case 'EmailVerified':
      return state.status === 'active' ? { ...state, emailVerified: true } : state;
    case 'UserJoinedOrg': {
      const { organizationId, role } = event.data;
      return state.status === 'active' ? { ...state, membership: { organizationId, role } } : state;
    }
    default:
      return unreachable(event, state);
  }
};

export const user: Decider<User, UserCommand, UserEvent> = {
  category: 'user',
  initial: { status: 'unknown' },
  evolve,
  organizationOf: (state) => {
    if (state.status === 'pending') return state.organizationId;
    return state.status === 'active' ? (state.membership?.organizationId ?? state.founded) : null;
  },
  decide: (command, state, { now }) => {
    switch (command.type) {
      case 'SignUp':
        return signedUp(command, state, now);
      case 'RegisterPendingUser': {
        const { userId, email, domain, invitationId, organizationId } = command;
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
              },
            },
          ];
        if (state.status === 'discarded') return notFound;
        return state.status === 'pending' && !state.openInvitations.includes(invitationId)
          ? [{ type: 'PendingUserInvited', data: { userId, invitationId, organizationId } }]
          : [];
      }
      case 'CloseInvitation': {
        const { invitationId } = command;
        if (state.status !== 'pending' || !state.openInvitations.includes(invitationId)) return [];
        return [
          {
            type: state.openInvitations.length === 1 ? 'PendingUserDiscarded' : 'PendingUserInvitationClosed',
            data: { userId: state.userId, invitationId },
          },
        ];
      }
      default:
        return decideForKnown(command, state, now);
    }
  },
};

const signedUp = (
  command: Extract<UserCommand, { type: 'SignUp' }>,
  state: User,
  now: string,
): readonly UserEvent[] | Refusal => {
  const { userId, email, domain, givenName, familyName, founds, tokenHash, tokenExpiresAt } = command;
  const requested: UserEvent = {
    type: 'EmailVerificationRequested',
    data: { userId, generation: 1, tokenHash, expiresAt: tokenExpiresAt },
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
        },
      },
      requested,
    ];
  return refuse('conflict', 'email_taken', 'Somebody has signed up with this address already.');
};

type ForKnown = Exclude<UserCommand, { type: 'SignUp' | 'RegisterPendingUser' | 'CloseInvitation' }>;

const decideForKnown = (command: ForKnown, state: User, now: string): readonly UserEvent[] | Refusal => {
  if (state.status === 'unknown' || state.status === 'discarded') return notFound;
  const { userId } = state;
  switch (command.type) {
    case 'RequestEmailVerification':
      if (state.status !== 'active' || state.emailVerified) return [];
      return [
        {
          type: 'EmailVerificationRequested',
          data: {
            userId,
            generation: (state.verification?.generation ?? 0) + 1,
            tokenHash: command.tokenHash,
            expiresAt: command.tokenExpiresAt,
          },
        },
      ];
    case 'VerifyEmail': {
      if (state.status !== 'active') return linkInvalid;
      const latest = state.verification;
      if (!latest || latest.tokenHash !== command.tokenHash || now >= latest.expiresAt) return linkInvalid;
      return state.emailVerified
        ? linkInvalid
        : [{ type: 'EmailVerified', data: { userId, via: 'verification_link' } }];
    }
    case 'JoinOrganization':
      return joined(command, state, now);
    case 'UpdateProfile': {
      if (state.status !== 'active') return notFound;
      const { givenName: previousGivenName, familyName: previousFamilyName } = state;
      const givenName = command.givenName ?? previousGivenName;
      const familyName = command.familyName ?? previousFamilyName;
      if (givenName === previousGivenName && familyName === previousFamilyName) return [];
      const organizationId = state.membership?.organizationId ?? null;
      return [
        {
          type: 'UserProfileUpdated',
          data: { userId, organizationId, givenName, familyName, previousGivenName, previousFamilyName },
        },
      ];
    }
    default:
      return unreachable(command, []);
  }
};

/** ORG-06: the one place where a person enters an organization; the stream's revision guards it. */
const joined = (
  command: Extract<UserCommand, { type: 'JoinOrganization' }>,
  state: Extract<User, { status: 'pending' | 'active' }>,
  now: string,
): readonly UserEvent[] | Refusal => {
  const { organizationId, role, via, invitationId } = command;
  const { userId, email, domain } = state;
  if (state.status === 'active') {
    // AMB-33: whoever founds an organization belongs to it already, joined or about to.
    const home = state.membership?.organizationId ?? state.founded;
    if (home !== null && home !== organizationId)
      return refuse(
        'conflict',
        'user_belongs_to_another_organization',
        'This person belongs to another organization; a person can be in one at a time.',
      );
    if (state.membership) return [];
  }
  const givenName = command.givenName ?? state.givenName;
  const familyName = command.familyName ?? state.familyName;
  const events: UserEvent[] = [];
  if (state.status === 'pending')
    events.push({
      type: 'UserActivated',
      data: {
        userId,
        givenName,
        familyName,
        previousGivenName: state.givenName,
        previousFamilyName: state.familyName,
        founds: null,
      },
    });
  if (via === 'invitation' && !(state.status === 'active' && state.emailVerified))
    events.push({ type: 'EmailVerified', data: { userId, via: 'invitation_link' } });
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
    },
  });
  return events;
};
