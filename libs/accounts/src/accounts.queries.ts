import { IsOptional } from 'class-validator';
import { mayRead } from '#commands';
import { IsId, ListQuery, OneOf, SortBy, Text } from '#http';
import { foldCase } from '#kernel';
import { listHandlers, listRow, OrgledgerQuery, resourceHandlers, resourceRow } from '#queries';
import type { ReadModels } from '#read-models';
import type { AccountView } from './accounts.projection.ts';

export class AccountsQuery extends ListQuery {
  @IsOptional() @OneOf(['managed', 'independent', 'pending']) kind?: string;
  @IsOptional() @OneOf(['active', 'suspended', 'pending_closure', 'closed']) status?: string;
  @IsOptional() @IsId('usr') ownerId?: string;
  @IsOptional() @SortBy('name', 'createdAt') sort?: string;
  @IsOptional() @Text({ max: 200 }) search?: string;
}

export class ListAccounts extends OrgledgerQuery {
  organizationId!: string;
  kind?: string;
  status?: string;
  ownerId?: string;
  search?: string;
}

export class GetAccount extends OrgledgerQuery {
  accountId!: string;
}

const item = ({ words: _words, revision: _revision, ...view }: AccountView, ownerEmail: string | null) => {
  const { accountId, organizationId, name, kind, status, ownerId, users, twoFactorRequired, createdAt } =
    view;
  return {
    accountId,
    organizationId,
    name,
    kind,
    status,
    ownerId,
    ownerEmail,
    users,
    twoFactorRequired,
    createdAt,
  };
};

/** The owner's address stands in the list of people; copying it here would make it stale. */
const withOwners = async (views: readonly AccountView[], readModels: ReadModels, at: number | undefined) => {
  const owners = await Promise.all(
    views.map(({ organizationId, ownerId }) =>
      readModels.get<{ email: string }>('users', `${organizationId}:${ownerId}`, at),
    ),
  );
  return views.map((view, index) => item(view, owners[index]?.email ?? null));
};

export const accountQueries = [
  ...listHandlers(
    listRow<ListAccounts, AccountView>({
      on: ListAccounts,
      projection: 'accounts',
      joins: ['users'],
      authorize: (principal, { organizationId }) => mayRead(principal, organizationId),
      where: ({ organizationId, kind, status, ownerId, search }) => ({
        organizationId,
        kind,
        status,
        ownerId,
        words: search === undefined ? undefined : { prefix: foldCase(search) },
      }),
      sort: { name: 'name', createdAt: 'createdAt' },
      items: withOwners,
    }),
  ),
  ...resourceHandlers(
    resourceRow<GetAccount, AccountView>({
      on: GetAccount,
      projection: 'accounts',
      joins: ['users'],
      id: ({ accountId }) => accountId,
      authorize: (principal, _query, { organizationId }) => mayRead(principal, organizationId),
      item: async (view, readModels, at) => (await withOwners([view], readModels, at))[0],
    }),
  ),
];
