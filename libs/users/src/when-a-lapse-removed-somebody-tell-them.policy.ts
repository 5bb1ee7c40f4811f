import type { Policy } from '#kernel';
import type { UserEvent } from './user.events.ts';

/** DOM-15: nobody asked for it, so nobody else would tell them. */
export const whenALapseRemovedSomebodyTellThem: Policy<UserEvent> = {
  name: 'when-a-lapse-removed-somebody-tell-them',
  awaited: false,
  on: {
    UserRemovedFromOrg: ({ id, stream, data: { userId, organizationId, reason } }) =>
      reason === 'domain_validation_lapsed'
        ? [
            {
              command: 'QueueMail',
              fields: {
                mailId: id,
                kind: 'removed_from_organization',
                stream,
                eventId: id,
                references: { organizationId },
              },
              resource: { type: 'user', id: userId },
            },
          ]
        : [],
  },
};
