import type { Policy } from '#kernel';
import type { UserEvent } from './user.events.ts';

/** AMB-24: a reactivated person signs in anew. */
export const whenUserDeactivatedEndTheirSessions: Policy<UserEvent> = {
  name: 'when-user-deactivated-end-their-sessions',
  on: {
    UserDeactivated: ({ data: { userId } }) => [
      { command: 'EndSessions', fields: { userId }, resource: { type: 'user', id: userId } },
    ],
  },
};
