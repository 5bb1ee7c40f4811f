import type { Policy } from '#kernel';
import type { UserEvent } from './user.events.ts';

/** AMB-17. */
export const whenEmailChangedReleaseTheOldAddress: Policy<UserEvent> = {
  name: 'when-email-changed-release-the-old-address',
  on: {
    UserEmailChanged: ({ data: { userId, previousEmail }, metadata }) => [
      {
        command: 'ReleaseAddress',
        fields: { userId, email: previousEmail, before: metadata.occurredAt },
        resource: { type: 'user', id: userId },
      },
    ],
  },
};
