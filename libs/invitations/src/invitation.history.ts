import type { Catalogue } from '#kernel';
import type { InvitationEvent } from './invitation.ts';
import type { DeliveryEvent } from './invitation-delivery.ts';

type Data = Readonly<Record<string, unknown>>;

/** Until then every invitation was to an organization alone. */
const toOrganizations = (data: Data): Data => ({
  ...data,
  accountId: null,
  accounts: [],
  joinsOrganizationId: null,
});

const withOwnedAccounts = (data: Data): Data => ({ ...toOrganizations(data), ownedAccountIds: [] });

const absorbingNobody = (data: Data): Data => ({ ...data, absorbs: null });

const status = (previous: string, updated: string) => [{ field: 'status', previous, updated }];

export const invitationHistory: Catalogue<InvitationEvent['type'] | DeliveryEvent['type']> = {
  InviteSent: {
    version: 3,
    upcast: [withOwnedAccounts, absorbingNobody],
    summary: 'An invitation was sent.',
    personal: { email: 'userId' },
  },
  InviteResent: {
    version: 3,
    upcast: [withOwnedAccounts, absorbingNobody],
    summary: 'An invitation was sent again; earlier links no longer work.',
    personal: { email: 'userId' },
  },
  InviteAccepted: {
    version: 3,
    upcast: [toOrganizations, absorbingNobody],
    summary: 'An invitation was accepted.',
    personal: { givenName: 'userId', familyName: 'userId' },
    changes: status('pending', 'accepted'),
  },
  InviteAcceptanceReverted: {
    summary: 'An accepted invitation could not take effect.',
    changes: status('accepted', 'reverted'),
  },
  InvitePartRefused: { summary: 'A part of what an accepted invitation offered could not take effect.' },
  InviteDeclined: { summary: 'An invitation was declined.', changes: status('pending', 'declined') },
  InviteCancelled: { summary: 'An invitation was cancelled.', changes: status('pending', 'cancelled') },
  InviteExpired: { summary: 'An invitation expired.', changes: status('pending', 'expired') },
  InvitationMailReported: { summary: 'The delivery of an invitation was reported.', technical: true },
};
