import type { Policy } from '#kernel';
import type { CredentialEvent } from './credential.ts';

export const whenAdministratorResetAPasswordForgetIt: Policy<CredentialEvent> = {
  name: 'when-administrator-reset-a-password-forget-it',
  on: {
    PasswordResetRequested: ({ data: { userId, requestedBy, requestedAt } }) =>
      requestedBy === 'administrator'
        ? [
            {
              command: 'ForgetPassword',
              fields: { userId, at: requestedAt },
              resource: { type: 'user', id: userId },
            },
          ]
        : [],
  },
};
