import type { Catalogue } from '#kernel';
import type { AccountEvent } from './account.ts';

export const accountHistory: Catalogue<AccountEvent['type']> = {
  AccountCreated: { summary: 'An account was created.' },
  AccountRenamed: { summary: 'An account was renamed.' },
};
