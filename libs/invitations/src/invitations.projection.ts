import { type AssignableRole, type Projection, type RecordedEvent, searchWords } from '#kernel';
import type { AccountGrant, InvitationEvent, InvitationKind, InvitationStatus } from './invitation.ts';

export interface InvitationView {
  readonly invitationId: string;
  readonly organizationId: string | null;
  /** The account it was sent from; null: from the organization. */
  readonly accountId: string | null;
  /** Whichever of the two it was sent from. */
  readonly sentFrom: string;
  readonly userId: string;
  readonly email: string;
  readonly domain: string;
  readonly role: AssignableRole | null;
  readonly accounts: readonly AccountGrant[];
  readonly accountIds: readonly string[];
  readonly joinsOrganizationId: string | null;
  readonly ownedAccountIds: readonly string[];
  readonly kind: InvitationKind;
  readonly status: InvitationStatus;
  readonly invitedBy: string;
  readonly sentAt: string;
  readonly expiresAt: string;
  readonly timesSent: number;
  readonly words: readonly string[];
  readonly revision: number;
}

const key = ({ data }: { data: { invitationId: string } }) => data.invitationId;
const to =
  (status: InvitationStatus) =>
  (view: InvitationView | undefined, { revision }: RecordedEvent): InvitationView | null =>
    view ? { ...view, status, revision } : null;

export const invitations: Projection<InvitationView, InvitationEvent> = {
  name: 'invitations',
  version: 2,
  persons: ['userId'],
  indexes: [
    { sentFrom: 1, sentAt: -1 },
    { sentFrom: 1, email: 1 },
    { sentFrom: 1, status: 1, sentAt: -1 },
    { sentFrom: 1, status: 1, email: 1 },
    { sentFrom: 1, status: 1, expiresAt: 1 },
    { sentFrom: 1, domain: 1, status: 1 },
    { sentFrom: 1, words: 1 },
    { organizationId: 1, status: 1, email: 1 },
    { accountIds: 1 },
    { userId: 1 },
  ],
  counted: { scope: 'sentFrom', by: ['status'] },
  on: {
    InviteSent: {
      key,
      to: (_view, { data, revision }) => ({
        invitationId: data.invitationId,
        organizationId: data.organizationId,
        accountId: data.accountId,
        sentFrom: data.accountId ?? data.organizationId ?? '',
        userId: data.userId,
        email: data.email,
        domain: data.domain,
        role: data.role,
        accounts: data.accounts,
        accountIds: data.accounts.map(({ accountId }) => accountId),
        joinsOrganizationId: data.joinsOrganizationId,
        ownedAccountIds: data.ownedAccountIds,
        kind: data.kind,
        status: 'pending',
        invitedBy: data.invitedBy,
        sentAt: data.sentAt,
        expiresAt: data.expiresAt,
        timesSent: 1,
        words: searchWords(data.email),
        revision,
      }),
    },
    InviteResent: {
      key,
      to: (view, { data, revision }) =>
        view
          ? {
              ...view,
              status: 'pending',
              userId: data.userId,
              kind: data.kind,
              sentAt: data.sentAt,
              expiresAt: data.expiresAt,
              timesSent: data.generation,
              ownedAccountIds: data.ownedAccountIds,
              revision,
            }
          : null,
    },
    InviteAccepted: { key, to: to('accepted') },
    InvitePartRefused: { key, to: to('accepted') },
    InviteAcceptanceReverted: { key, to: to('reverted') },
    InviteDeclined: { key, to: to('declined') },
    InviteCancelled: { key, to: to('cancelled') },
    InviteExpired: { key, to: to('expired') },
  },
};
