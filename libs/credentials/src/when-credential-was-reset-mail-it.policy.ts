import type { FollowOn, Policy } from '#kernel';
import type { CredentialEvent } from './credential.ts';

const mail = (
  kind: string,
  {
    id,
    stream,
    data,
  }: { readonly id: string; readonly stream: string; readonly data: { readonly userId: string } },
  references: Readonly<Record<string, number>> = {},
): FollowOn[] => [
  {
    command: 'QueueMail',
    fields: { mailId: `${kind}.${id}`, kind, stream, eventId: id, references },
    resource: { type: 'user', id: data.userId },
  },
];

export const whenCredentialWasResetMailIt: Policy<CredentialEvent> = {
  name: 'when-credential-was-reset-mail-it',
  awaited: false,
  on: {
    PasswordResetRequested: (event) => mail('password_reset', event, { generation: event.data.generation }),
    TwoFactorReset: (event) => mail('two_factor_reset', event),
  },
};
