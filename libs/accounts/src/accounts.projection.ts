import { type Projection, searchWords } from '#kernel';
import type { AccountEvent } from './account.ts';

export interface AccountView {
  readonly accountId: string;
  readonly organizationId: string | null;
  readonly name: string;
  readonly kind: 'managed';
  readonly status: 'active';
  readonly ownerId: string;
  readonly users: number;
  readonly twoFactorRequired: boolean;
  readonly words: readonly string[];
  readonly createdAt: string;
  readonly revision: number;
}

export const accounts: Projection<AccountView, AccountEvent> = {
  name: 'accounts',
  version: 1,
  indexes: [
    { organizationId: 1, name: 1 },
    { organizationId: 1, createdAt: 1 },
    { organizationId: 1, kind: 1, name: 1 },
    { organizationId: 1, status: 1, name: 1 },
    { organizationId: 1, ownerId: 1, name: 1 },
    { organizationId: 1, words: 1 },
  ],
  counted: { scope: 'organizationId', by: ['kind', 'status'] },
  on: {
    AccountCreated: {
      key: ({ data }) => data.accountId,
      to: (_document, { data, revision }) => ({
        accountId: data.accountId,
        organizationId: data.organizationId,
        name: data.name,
        kind: 'managed',
        status: 'active',
        ownerId: data.ownerId,
        users: 1,
        twoFactorRequired: false,
        words: searchWords(data.name),
        createdAt: data.createdAt,
        revision,
      }),
    },
    AccountRenamed: {
      key: ({ data }) => data.accountId,
      to: (document, { data, revision }) =>
        document ? { ...document, name: data.name, words: searchWords(data.name), revision } : null,
    },
  },
};
