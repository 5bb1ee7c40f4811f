import type { Policy } from '#kernel';
import type { CredentialEvent } from './credential.ts';

const adopt = (userId: string, from: string, at: string) => [
  { command: 'AdoptPassword', fields: { userId, from, at }, resource: { type: 'user', id: userId } },
];

export const whenPasswordChangedAdoptIt: Policy<CredentialEvent> = {
  name: 'when-password-changed-adopt-it',
  on: {
    PasswordChanged: ({ data: { userId, changedAt }, metadata }) =>
      adopt(userId, metadata.commandId, changedAt),
    PasswordResetCompleted: ({ data: { userId, changedAt }, metadata }) => [
      ...adopt(userId, metadata.commandId, changedAt),
      { command: 'ProveAddress', fields: { userId }, resource: { type: 'user', id: userId } },
    ],
  },
};
