import { Injectable } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { IsOptional } from 'class-validator';
import { Execution, inOrganization, mayRead } from '#commands';
import { ListQuery, OneOf, SortBy, Text } from '#http';
import { accountRoles, beginningWith, notFound } from '#kernel';
import { answerList, listRow, OrgledgerQuery, readingOf } from '#queries';
import { ReadModels } from '#read-models';
import { account } from './account.ts';
import { mayReadAccountUsers } from './account-rights.ts';
import type { AccountUserView } from './account-users.projection.ts';
import type { AccountView } from './accounts.projection.ts';
import { sharedKey } from './accounts.projection.ts';
import { mayLookBack, viewFor } from './looking-back.ts';

export class AccountUsersQuery extends ListQuery {
  @IsOptional() @OneOf(accountRoles) role?: string;
  @IsOptional() @SortBy('email', 'grantedAt') sort?: string;
  @IsOptional() @Text({ max: 200 }) search?: string;
}

export class ListAccountUsers extends OrgledgerQuery {
  accountId!: string;
  role?: string;
  search?: string;
}

/** USR-07, the Accounts tab. */
export class UserAccountsQuery extends ListQuery {
  @IsOptional() @OneOf(accountRoles) role?: string;
}

export class ListUserAccounts extends OrgledgerQuery {
  organizationId!: string;
  userId!: string;
  role?: string;
}

interface ListedUser {
  readonly kind: string;
  readonly email: string;
  readonly givenName: string;
  readonly familyName: string;
}

/** How the organization of the account sees these people now; without one all are independent. */
const usersOf = async (
  views: readonly AccountUserView[],
  readModels: ReadModels,
  at: number | undefined,
): Promise<readonly unknown[]> => {
  const listed = await readModels.many<ListedUser>(
    'users',
    views.flatMap(({ organizationId, userId }) => (organizationId ? [`${organizationId}:${userId}`] : [])),
    at,
  );
  return views.map((view) => {
    const { userId, organizationId, roles, grantedAt } = view;
    const { kind = 'independent', ...person } = listed.get(`${organizationId}:${userId}`) ?? {};
    const { email, givenName, familyName } = { ...view, ...person };
    return { userId, email, givenName, familyName, kind, roles, grantedAt };
  });
};

const accountUsersRow = listRow<ListAccountUsers, AccountUserView>({
  on: ListAccountUsers,
  projection: 'account-users',
  joins: ['users'],
  authorize: () => undefined,
  where: ({ accountId, role, search }) => ({
    accountId,
    roles: role,
    words: beginningWith(search),
  }),
  sort: { email: 'email', grantedAt: 'grantedAt' },
  items: usersOf,
});

@Injectable()
@QueryHandler(ListAccountUsers)
class ListAccountUsersHandler implements IQueryHandler<ListAccountUsers> {
  readonly #execution: Execution;
  readonly #readModels: ReadModels;

  constructor(execution: Execution, readModels: ReadModels) {
    this.#execution = execution;
    this.#readModels = readModels;
  }

  async execute(query: ListAccountUsers): Promise<unknown> {
    const { principal, at, atLeast } = readingOf(query);
    const { state } = await this.#execution.load(account, query.accountId);
    const refused = mayReadAccountUsers(principal, state);
    if (refused || state.status === 'unknown') return refused ?? notFound;
    if (at !== undefined) {
      await this.#readModels.reach(atLeast, ['accounts', 'account-users']);
      const view = await viewFor(principal, state, at, this.#readModels);
      if (view && !(await mayLookBack(view, state, principal, at, this.#readModels))) return notFound;
    }
    return answerList(accountUsersRow, query, this.#readModels);
  }
}

const userAccountsRow = listRow<ListUserAccounts, AccountUserView>({
  on: ListUserAccounts,
  projection: 'account-users',
  joins: ['accounts', 'users'],
  authorize: (principal, { organizationId, userId }) =>
    principal.userId === userId
      ? inOrganization(principal, organizationId)
      : mayRead(principal, organizationId),
  where: ({ organizationId, userId, role }) => ({ userId, seenBy: organizationId, roles: role }),
  sort: { accountId: 'accountId' },
  items: async (views, readModels, at, { organizationId }) => {
    const ids = views.flatMap(({ accountId }) => [accountId, sharedKey(organizationId, accountId)]);
    const accounts = await readModels.many<AccountView>('accounts', ids, at);
    return views.map(({ accountId, roles, grantedAt }) => {
      const view = accounts.get(sharedKey(organizationId, accountId)) ?? accounts.get(accountId);
      const { name = null, kind = null, status = null, ownerId = null } = view ?? {};
      return { accountId, name, kind, status, ownerId, roles, grantedAt };
    });
  },
});

@Injectable()
@QueryHandler(ListUserAccounts)
class ListUserAccountsHandler implements IQueryHandler<ListUserAccounts> {
  readonly #readModels: ReadModels;

  constructor(readModels: ReadModels) {
    this.#readModels = readModels;
  }

  async execute(query: ListUserAccounts): Promise<unknown> {
    const { principal, at, atLeast } = readingOf(query);
    const { organizationId, userId } = query;
    const refused = userAccountsRow.authorize(principal, query);
    if (refused) return refused;
    await this.#readModels.reach(atLeast, ['users']);
    const listed = await this.#readModels.get('users', `${organizationId}:${userId}`, at);
    return listed ? answerList(userAccountsRow, query, this.#readModels) : notFound;
  }
}

export const accountUserQueries = [ListAccountUsersHandler, ListUserAccountsHandler];
