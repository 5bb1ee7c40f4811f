import {
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
  readonly organizationId: string;
  readonly userId: string;
}

export type InvitationKind = 'new_user' | 'existing_user';

export type InvitationEvent =
  | Event<
      'InviteSent',
      About & {
        email: string;
        domain: string;
        role: AssignableRole;
        kind: InvitationKind;
        invitedBy: string;
        generation: number;
        tokenHash: string;
        sentAt: string;
        expiresAt: string;
      }
    >
  | Event<
      'InviteResent',
      About & {
        email: string;
        domain: string;
        role: AssignableRole;
        kind: InvitationKind;
        invitedBy: string;
        generation: number;
        tokenHash: string;
        sentAt: string;
        expiresAt: string;
        previousExpiresAt: string;
      }
    >
  | Event<
      'InviteAccepted',
      About & { role: AssignableRole; givenName: string | null; familyName: string | null }
    >
  | Event<'InviteAcceptanceReverted', About & { reason: string }>
  | Event<'InviteDeclined', About>
  | Event<'InviteCancelled', About & { reason: 'manual' | 'domain_deleted' }>
  | Event<'InviteExpired', About & { generation: number }>;

interface Sent extends About {
  readonly email: string;
  readonly domain: string;
  readonly role: AssignableRole;
  readonly kind: InvitationKind;
  readonly invitedBy: string;
  readonly generation: number;
  readonly tokenHash: string;
  readonly sentAt: string;
  readonly expiresAt: string;
}

export type InvitationStatus = 'pending' | 'accepted' | 'reverted' | 'declined' | 'cancelled' | 'expired';

export type Invitation = { readonly status: 'unknown' } | ({ readonly status: InvitationStatus } & Sent);

export type InvitationCommand =
  | ({
      type: 'SendInvite';
      email: string;
      domain: string;
      role: AssignableRole;
      kind: InvitationKind;
      invitedBy: string;
      tokenHash: string;
      expiresAt: string;
    } & About)
  | {
      type: 'ResendInvite';
      /** Another than before when the pending person was discarded meanwhile. */
      userId: string;
      kind: InvitationKind;
      tokenHash: string;
      expiresAt: string;
    }
  | {
      type: 'AcceptInvite';
      tokenHash: string;
      userId: string;
      givenName?: string | null;
      familyName?: string | null;
    }
  | { type: 'RevertAcceptance'; reason: string }
  | { type: 'DeclineInvite'; tokenHash: string }
  | { type: 'CancelInvite'; reason: 'manual' | 'domain_deleted' }
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
      const { userId, kind, generation, tokenHash, sentAt, expiresAt } = event.data;
      return { ...state, status: 'pending', userId, kind, generation, tokenHash, sentAt, expiresAt };
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
    const { invitationId, organizationId, userId } = state;
    const about: About = { invitationId, organizationId, userId };
    switch (command.type) {
      case 'ResendInvite':
        if (!mayBeResent(state)) return notPending;
        return [
          {
            type: 'InviteResent',
            data: {
              ...about,
              userId: command.userId,
              email: state.email,
              domain: state.domain,
              role: state.role,
              kind: command.kind,
              invitedBy: state.invitedBy,
              generation: state.generation + 1,
              tokenHash: command.tokenHash,
              sentAt: now,
              expiresAt: command.expiresAt,
              previousExpiresAt: state.expiresAt,
            },
          },
        ];
      case 'AcceptInvite': {
        if (command.tokenHash !== state.tokenHash || command.userId !== userId) return invitationLinkInvalid;
        if (!isOpen(state, now)) return invitationLinkInvalid;
        const { givenName = null, familyName = null } = command;
        return [{ type: 'InviteAccepted', data: { ...about, role: state.role, givenName, familyName } }];
      }
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

const notPending: Refusal = refuse(
  'conflict',
  'invitation_not_pending',
  'This invitation is no longer pending.',
);
