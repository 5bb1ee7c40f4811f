import type { Policy } from '#kernel';
import type { UserEvent } from './user.events.ts';

/** USR-10: first nobody can sign in as them, then nobody can read who they were. */
export const whenUserDeletedForgetThem: Policy<UserEvent> = {
  name: 'when-user-deleted-forget-them',
  on: {
    UserRemovedFromOrg: ({ data: { userId, email, reason } }) =>
      reason === 'deleted'
        ? [
            {
              command: 'ReleaseAddress',
              fields: { userId, email },
              resource: { type: 'user', id: userId },
            },
          ]
        : [],
    UserDeleted: ({ data: { userId } }) => [
      { command: 'ForgetCredentials', fields: { userId }, resource: { type: 'user', id: userId } },
    ],
    UserDataErased: ({ data: { userId } }) => [
      { command: 'EraseUserData', fields: { userId }, resource: { type: 'user', id: userId } },
    ],
  },
};
