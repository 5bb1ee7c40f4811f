import type { Policy } from '#kernel';
import type { AccountAdditionEvent } from './account-addition.ts';

export const whenAccountAdditionRequestedMailItsOwner: Policy<AccountAdditionEvent> = {
  name: 'when-account-addition-requested-mail-its-owner',
  awaited: false,
  on: {
    AccountAdditionRequested: ({ id, stream, data: { additionId } }) => [
      {
        command: 'QueueMail',
        fields: { mailId: additionId, kind: 'account_addition', stream, eventId: id, references: {} },
        resource: { type: 'account_addition', id: additionId },
      },
    ],
  },
};
