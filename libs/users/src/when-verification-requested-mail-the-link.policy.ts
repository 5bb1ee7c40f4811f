import type { Policy } from '#kernel';
import type { UserEvent } from './user.events.ts';

export const whenVerificationRequestedMailTheLink: Policy<UserEvent> = {
  name: 'when-verification-requested-mail-the-link',
  awaited: false,
  on: {
    EmailVerificationRequested: ({ id, stream, data: { userId, generation } }) => [
      {
        command: 'QueueMail',
        fields: {
          mailId: `${userId}.${generation}`,
          kind: 'email_verification',
          stream,
          eventId: id,
          references: { generation },
        },
        resource: { type: 'user', id: userId },
      },
    ],
  },
};
