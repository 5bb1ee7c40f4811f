import { type Refusal, refuse } from '#kernel';
import type { About, AccountEvent, AccountUser, Cause, NewOwner, Roles } from './account.events.ts';
import { isOf } from './account.home.ts';
import { accountClosed } from './account.standing.ts';
import type { KnownAccount } from './account.ts';

export type OwnershipCommand =
  | { type: 'TransferAccountOwnership'; to: AccountUser }
  /** Because the one who owned it left the organization: whatever the account's status, and nothing stays with them. */
  | { type: 'ReplaceOwner'; organizationId: string; from: string; to: AccountUser; cause: Cause };

const accountNotManaged: Refusal = refuse(
  'conflict',
  'account_not_managed',
  'This account belongs to no organization; its Owner cannot be changed.',
);

export const asOwner = ({ userId, email, givenName, familyName }: AccountUser): NewOwner => ({
  ownerId: userId,
  ownerEmail: email,
  ownerGivenName: givenName,
  ownerFamilyName: familyName,
});

/** ACC-02, ACC-07: one event, so that there is never no Owner and never two. */
export const transferred = (
  command: OwnershipCommand,
  state: KnownAccount,
  about: About,
  now: string,
): readonly AccountEvent[] | Refusal => {
  const { ownerId: previousOwnerId } = state;
  const { to } = command;
  const event = (previousOwnerRoles: Roles, cause: Cause): readonly AccountEvent[] => [
    {
      type: 'AccountOwnershipTransferred',
      data: {
        ...about,
        ...asOwner(to),
        previousRoles: state.access[to.userId] ?? [],
        previousOwnerId,
        previousOwnerRoles,
        transferredAt: now,
        cause,
      },
    },
  ];
  if (command.type === 'ReplaceOwner')
    return isOf(state, command.organizationId) &&
      command.from === previousOwnerId &&
      to.userId !== previousOwnerId
      ? event([], command.cause)
      : [];
  if (state.organizationId === null) return accountNotManaged;
  if (state.status === 'closed' || state.status === 'pending_closure') return accountClosed;
  return to.userId === previousOwnerId ? [] : event(['administrator'], null);
};
