import { calledOff, type Due, type Timer } from '#kernel';
import type { InvitationEvent } from './invitation.ts';

const set = ({
  data: { invitationId, organizationId, generation, expiresAt },
}: {
  data: { invitationId: string; organizationId: string | null; generation: number; expiresAt: string };
}): Due => ({
  key: invitationId,
  dueAt: expiresAt,
  organizationId,
  subject: { type: 'invitation', id: invitationId },
  fields: { invitationId, generation },
  affects: { users: 1 },
});

const answered = ({ data: { invitationId } }: { data: { invitationId: string } }) => calledOff(invitationId);

/** INV-04: every link ends; a newer one is a newer timer (INV-05). */
export const invitationExpiry: Timer<InvitationEvent> = {
  kind: 'invitation_expiry',
  version: 1,
  command: 'ExpireInvite',
  named: { projection: 'invitations', field: 'email' },
  on: {
    InviteSent: set,
    InviteResent: set,
    InviteAccepted: answered,
    InviteDeclined: answered,
    InviteCancelled: answered,
    InviteExpired: answered,
  },
};
