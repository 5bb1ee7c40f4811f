import type { FollowOn, Policy } from '#kernel';
import type { InvitationEvent } from './invitation.ts';

const mail = (event: {
  id: string;
  stream: string;
  data: { invitationId: string; generation: number };
}): FollowOn[] => [
  {
    command: 'QueueMail',
    fields: {
      mailId: `${event.data.invitationId}.${event.data.generation}`,
      kind: 'invitation',
      stream: event.stream,
      eventId: event.id,
      references: { generation: event.data.generation },
    },
    resource: { type: 'invitation', id: event.data.invitationId },
  },
];

export const whenInvitationSentMailIt: Policy<InvitationEvent> = {
  name: 'when-invitation-sent-mail-it',
  awaited: false,
  on: {
    InviteSent: (event) => mail(event),
    InviteResent: (event) => mail(event),
  },
};
