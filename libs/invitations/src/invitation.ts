import {
  type AccountRole,
  type AssignableRole,
  type Decider,
  type Event,
  notFound,
  type Refusal,
  refuse,
  unreachable,
} from '#kernel';

interface About {
  readonly invitationId: string;
  /** Of the account, for an invitation to an account; null: the account belongs to none. */
  readonly organizationId: string | null;
  readonly userId: string;
}

export type InvitationKind = 'new_user' | 'existing_user' | 'merge';

export interface AccountGrant {
  readonly accountId: string;
  readonly roles: readonly AccountRole[];
}

/** What accepting brings. */
interface Offer {
  /** Role in the organization; null: access to an account only (INV-02). */
  readonly role: AssignableRole | null;
  /** The account it was sent from; null: from the organization. */
  readonly accountId: string | null;
  readonly accounts: readonly AccountGrant[];
  /** AMB-29: the organization that lets people of its domain join by themselves. */
  readonly joinsOrganizationId: string | null;
  /** INV-11: the organization of the invitee, which accepting merges into this one; null: none. */
  readonly absorbs: string | null;
}

interface Letter {
  readonly email: string;
  readonly domain: string;
  readonly kind: InvitationKind;
  readonly invitedBy: string;
  readonly generation: number;
  readonly tokenHash: string;
  readonly sentAt: string;
  readonly expiresAt: string;
  /** AMB-15: accounts outside every organization that the invitee owns and would bring along. */
  readonly ownedAccountIds: readonly string[];
}

export type InvitationEvent =
  | Event<'InviteSent', About & Offer & Letter>
  | Event<'InviteResent', About & Offer & Letter & { previousExpiresAt: string }>
  | Event<'InviteAccepted', About & Offer & { givenName: string | null; familyName: string | null }>
  | Event<'InviteAcceptanceReverted', About & { reason: string }>
  /** Null for the account: the joining. */
  | Event<'InvitePartRefused', About & { accountId: string | null; reason: string }>
  | Event<'InviteDeclined', About>
  | Event<'InviteCancelled', About & { reason: CancellationReason }>
  | Event<'InviteExpired', About & { generation: number }>;

type CancellationReason = 'manual' | 'domain_deleted' | 'account_closed' | 'organization_absorbed';

type Sent = About & Offer & Letter;

export type InvitationStatus = 'pending' | 'accepted' | 'reverted' | 'declined' | 'cancelled' | 'expired';

export type Invitation = { readonly status: 'unknown' } | ({ readonly status: InvitationStatus } & Sent);

export type InvitationCommand =
  | ({ type: 'SendInvite' } & About & Offer & Omit<Letter, 'generation' | 'sentAt'>)
  | {
      type: 'ResendInvite';
      /** Another than before when the pending person was discarded meanwhile. */
      userId: string;
      kind: InvitationKind;
      tokenHash: string;
      expiresAt: string;
      ownedAccountIds: readonly string[];
      absorbs: string | null;
    }
  | {
      type: 'AcceptInvite';
      tokenHash: string;
      userId: string;
      givenName?: string | null;
      familyName?: string | null;
    }
  | { type: 'RevertAcceptance'; reason: string }
  | { type: 'RecordRefusedPart'; accountId: string | null; reason: string }
  | { type: 'DeclineInvite'; tokenHash: string }
  | { type: 'CancelInvite'; reason: CancellationReason }
  | { type: 'ExpireInvite'; generation: number };

/** ERR-04: unknown, expired, superseded, cancelled and used all look alike. */
export const invitationLinkInvalid: Refusal = refuse(
  'missing',
  'invitation_link_invalid',
  'This invitation link is Invalid.',
);

const evolve = (state: Invitation, event: InvitationEvent): Invitation => {
  if (event.type === 'InviteSent') return { status: 'pending', ...event.data };
  if (state.status === 'unknown') return state;
  switch (event.type) {
    case 'InviteResent': {
      const { previousExpiresAt: _previous, ...sent } = event.data;
      return { status: 'pending', ...sent };
    }
    case 'InviteAccepted':
      return { ...state, status: 'accepted' };
    case 'InviteAcceptanceReverted':
      return { ...state, status: 'reverted' };
    case 'InviteDeclined':
      return { ...state, status: 'declined' };
    case 'InviteCancelled':
      return { ...state, status: 'cancelled' };
    case 'InviteExpired':
      return { ...state, status: 'expired' };
    case 'InvitePartRefused':
      return state;
    default:
      return unreachable(event, state);
  }
};

/** INV-06. */
export const mayBeResent = ({ status }: Invitation): boolean => status === 'pending' || status === 'expired';

/** True while the newest link works: INV-04, INV-05. Decided from the command's time, so "pending but expired" cannot act. */
export const isOpen = (state: Invitation, now: string): boolean =>
  state.status === 'pending' && now < state.expiresAt;

export const invitation: Decider<Invitation, InvitationCommand, InvitationEvent> = {
  category: 'invitation',
  initial: { status: 'unknown' },
  evolve,
  organizationOf: (state) => (state.status === 'unknown' ? null : state.organizationId),
  decide: (command, state, { now }) => {
    if (command.type === 'SendInvite') {
      if (state.status !== 'unknown') return [];
      const { type: _type, ...sent } = command;
      return [{ type: 'InviteSent', data: { ...sent, generation: 1, sentAt: now } }];
    }
    if (state.status === 'unknown')
      return command.type === 'AcceptInvite' || command.type === 'DeclineInvite'
        ? invitationLinkInvalid
        : notFound;
    const { invitationId, organizationId, userId, role, accountId, accounts } = state;
    const { joinsOrganizationId, absorbs } = state;
    const about: About = { invitationId, organizationId, userId };
    const offer: Offer = { role, accountId, accounts, joinsOrganizationId, absorbs };
    switch (command.type) {
      case 'ResendInvite': {
        if (!mayBeResent(state)) return notPending;
        const { type: _type, ...letter } = command;
        const { email, domain, invitedBy, generation, expiresAt: previousExpiresAt } = state;
        return [
          {
            type: 'InviteResent',
            data: {
              ...about,
              ...offer,
              email,
              domain,
              invitedBy,
              ...letter,
              generation: generation + 1,
              sentAt: now,
              previousExpiresAt,
            },
          },
        ];
      }
      case 'AcceptInvite': {
        if (command.tokenHash !== state.tokenHash || command.userId !== userId) return invitationLinkInvalid;
        if (!isOpen(state, now)) return invitationLinkInvalid;
        const { givenName = null, familyName = null } = command;
        return [{ type: 'InviteAccepted', data: { ...about, ...offer, givenName, familyName } }];
      }
      case 'RecordRefusedPart':
        return state.status === 'accepted'
          ? [
              {
                type: 'InvitePartRefused',
                data: { ...about, accountId: command.accountId, reason: command.reason },
              },
            ]
          : [];
      case 'RevertAcceptance':
        return state.status === 'accepted'
          ? [{ type: 'InviteAcceptanceReverted', data: { ...about, reason: command.reason } }]
          : [];
      case 'DeclineInvite':
        if (command.tokenHash !== state.tokenHash || !isOpen(state, now)) return invitationLinkInvalid;
        return [{ type: 'InviteDeclined', data: about }];
      case 'CancelInvite':
        if (state.status === 'cancelled') return [];
        if (state.status !== 'pending' && state.status !== 'expired') return notPending;
        return [{ type: 'InviteCancelled', data: { ...about, reason: command.reason } }];
      case 'ExpireInvite':
        return state.status === 'pending' && command.generation === state.generation && now >= state.expiresAt
          ? [{ type: 'InviteExpired', data: { ...about, generation: state.generation } }]
          : [];
      default:
        return unreachable(command, []);
    }
  },
};

export const notPending: Refusal = refuse(
  'conflict',
  'invitation_not_pending',
  'This invitation is no longer pending.',
);
