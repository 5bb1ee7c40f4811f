import { Injectable } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { IsOptional } from 'class-validator';
import { Execution, mayRead } from '#commands';
import { type Answered, IsId, ListQuery, OneOf, SortBy, Text, withEtag } from '#http';
import { accountRoles, beginningWith, notFound, type Refusal } from '#kernel';
import { listHandlers, listRow, OrgledgerQuery, readingOf } from '#queries';
import { ReadModels } from '#read-models';
import { account } from './account.ts';
import { mayReadAccount } from './account-rights.ts';
import type { AccountUserView } from './account-users.projection.ts';
import type { account as shown } from './accounts.answers.ts';
import type { AccountView } from './accounts.projection.ts';
import { mayLookBack, viewFor } from './looking-back.ts';

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

/** ROL-08: what each role on an account may do there; the same for everybody. */
export class GetAccountRoles extends OrgledgerQuery {}

const item = (view: AccountView, ownerEmail: string | null): Answered<typeof shown> => {
  const { accountId, managedBy, name, kind, status, ownerId, users, twoFactorRequired, createdAt } = view;
  const { addition } = view;
  return {
    accountId,
    organizationId: managedBy,
    name,
    kind,
    status,
    ownerId,
    ownerEmail,
    users,
    twoFactorRequired,
    createdAt,
    ...(addition && {
      additionId: addition.additionId,
      additionKind: addition.kind,
      expiresAt: addition.expiresAt,
    }),
  };
};

/** The owner's address stands in the list of people, or with their access; copying it here would make it stale. */
export const withOwners = async (
  views: readonly AccountView[],
  readModels: ReadModels,
  at: number | undefined,
) => {
  const managed = await readModels.many<{ email: string }>(
    'users',
    views.map(({ managedBy, ownerId }) => `${managedBy}:${ownerId}`),
    at,
  );
  const others = await readModels.many<AccountUserView>(
    'account-users',
    views.map(({ accountId, ownerId }) => `${accountId}:${ownerId}`),
    at,
  );
  return views.map((view) => {
    const { accountId, managedBy, ownerId } = view;
    const owner = managed.get(`${managedBy}:${ownerId}`) ?? others.get(`${accountId}:${ownerId}`);
    return item(view, owner?.email ?? null);
  });
};

/** Permission on the account's own stream; what is shown is the list's document of the organization that looks. */
@Injectable()
@QueryHandler(GetAccount)
class GetAccountHandler implements IQueryHandler<GetAccount> {
  readonly #execution: Execution;
  readonly #readModels: ReadModels;

  constructor(execution: Execution, readModels: ReadModels) {
    this.#execution = execution;
    this.#readModels = readModels;
  }

  async execute(query: GetAccount): Promise<unknown> {
    const { principal, at, atLeast } = readingOf(query);
    const { accountId } = query;
    const { state } = await this.#execution.load(account, accountId);
    if (state.status === 'unknown') return notFound;
    await this.#readModels.reach(atLeast, ['accounts', 'users', 'account-users']);
    const view = await viewFor(principal, state, at, this.#readModels);
    if (!view) return notFound;
    const refused = view.kind === 'pending' ? undefined : mayReadAccount(principal, state);
    if (refused) return refused;
    if (!(await mayLookBack(view, state, principal, at, this.#readModels))) return notFound;
    const [shown] = await withOwners([view], this.#readModels, at);
    return at === undefined && view.kind !== 'pending' ? withEtag(shown, view.revision) : shown;
  }
}

const permissions = {
  owner: ['everything', 'close_account'],
  administrator: ['everything'],
  developer: ['api_credentials', 'numbers', 'developer_tools', 'logs', 'usage'],
  billing_manager: ['billing', 'logs', 'usage'],
  support: ['logs', 'usage'],
} as const;

@Injectable()
@QueryHandler(GetAccountRoles)
class GetAccountRolesHandler implements IQueryHandler<GetAccountRoles> {
  async execute(): Promise<object | Refusal> {
    return {
      items: accountRoles.map((role) => ({
        role,
        exclusive: role === 'owner' || role === 'administrator',
        assignable: role !== 'owner',
        permissions: permissions[role],
      })),
    };
  }
}

export const accountQueries = [
  GetAccountHandler,
  GetAccountRolesHandler,
  ...listHandlers(
    listRow<ListAccounts, AccountView>({
      on: ListAccounts,
      projection: 'accounts',
      joins: ['users', 'account-users'],
      authorize: (principal, { organizationId }) => mayRead(principal, organizationId),
      where: ({ organizationId, kind, status, ownerId, search }) => ({
        organizationId,
        kind,
        status,
        ownerId,
        words: beginningWith(search),
      }),
      sort: { name: 'sortName', createdAt: 'createdAt' },
      items: withOwners,
    }),
  ),
];
