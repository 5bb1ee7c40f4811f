import { calledOff, type Timer } from '#kernel';
import type { CredentialEvent } from './credential.ts';

const over = ({ data: { userId } }: { data: { userId: string } }) => calledOff(userId);

/** USR-12: a link works for 24 hours; a newer one is a newer timer. */
export const passwordResetExpiry: Timer<CredentialEvent> = {
  kind: 'password_reset_expiry',
  version: 1,
  command: 'ExpirePasswordReset',
  named: {
    projection: 'users',
    field: 'email',
    key: (userId, organizationId) => `${organizationId}:${userId}`,
  },
  on: {
    PasswordResetRequested: ({ data: { userId, organizationId, generation, expiresAt } }) => ({
      key: userId,
      dueAt: expiresAt,
      organizationId,
      subject: { type: 'user', id: userId },
      fields: { userId, generation },
      affects: { users: 1 },
    }),
    PasswordResetCompleted: over,
    PasswordResetExpired: over,
    PasswordChanged: over,
  },
};
