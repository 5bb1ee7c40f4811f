import { Injectable } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { IsBoolean, IsOptional } from 'class-validator';
import { inOrganization, mayRead } from '#commands';
import { type Answered, IsId, ListQuery, OneOf, SortBy, Text, withEtag } from '#http';
import type { DeliveryView } from '#invitations';
import { beginningWith, notFound, type Refusal } from '#kernel';
import { listHandlers, listRow, OrgledgerQuery, readingOf, resourceHandlers, resourceRow } from '#queries';
import type { ReadModels } from '#read-models';
import { People } from './people.ts';
import type { ActiveUser } from './user.ts';
import type { me, user } from './users.answers.ts';
import type { UserView } from './users.projection.ts';

export class UsersQuery extends ListQuery {
  @IsOptional() @OneOf(['managed', 'independent', 'pending']) kind?: string;
  @IsOptional() @OneOf(['owner', 'administrator', 'standard_user']) role?: string;
  @IsOptional() @OneOf(['active', 'deactivated', 'pending']) status?: string;
  @IsOptional() @Text({ max: 253 }) domain?: string;
  @IsOptional() @IsId('acc') accountId?: string;
  @IsOptional() @IsBoolean() twoFactorRequired?: boolean;
  @IsOptional() @SortBy('name', 'email', 'joinedAt') sort?: string;
  @IsOptional() @Text({ max: 200 }) search?: string;
}

export class ListUsers extends OrgledgerQuery {
  organizationId!: string;
  kind?: string;
  role?: string;
  status?: string;
  domain?: string;
  accountId?: string;
  twoFactorRequired?: boolean;
  search?: string;
}

export class GetUser extends OrgledgerQuery {
  organizationId!: string;
  userId!: string;
}

export class GetMe extends OrgledgerQuery {}

const item = (view: UserView, told: DeliveryView | undefined): Answered<typeof user> => {
  const { userId, organizationId, kind, email, givenName, familyName, role, status, emailVerified } = view;
  const { twoFactorRequired, domain, accounts, joinedAt, accountIds, invitation } = view;
  const delivery = told?.generation === invitation?.timesSent ? told?.delivery : undefined;
  return {
    userId,
    organizationId,
    kind,
    email,
    emailVerified,
    givenName,
    familyName,
    role,
    status,
    twoFactorRequired,
    domain,
    accounts,
    joinedAt,
    ...(kind === 'independent' ? { accountIds } : {}),
    ...(kind === 'pending' ? { ...invitation, delivery: delivery ?? 'queued' } : {}),
  };
};

const items = async (views: readonly UserView[], readModels: ReadModels, at: number | undefined) => {
  const pending = views.flatMap(({ invitation }) => (invitation ? [invitation.invitationId] : []));
  const told = await readModels.many<DeliveryView>('deliveries', pending, at);
  return views.map((view) => item(view, told.get(view.invitation?.invitationId ?? '')));
};

/** What a person sees of themselves. */
export const oneself = (state: ActiveUser): Answered<typeof me> => {
  const { userId, email, emailVerified, givenName, familyName, membership, status } = state;
  const { organizationId = null, role = null } = membership ?? {};
  return { userId, email, emailVerified, givenName, familyName, status, organizationId, role };
};

/** Oneself, from one's own stream: right at once, and also for somebody in no organization. */
@Injectable()
@QueryHandler(GetMe)
class GetMeHandler implements IQueryHandler<GetMe> {
  readonly #people: People;

  constructor(people: People) {
    this.#people = people;
  }

  async execute(query: GetMe): Promise<object | Refusal> {
    const { principal } = readingOf(query);
    if (principal.userId === null) return notFound;
    const { state, revision } = await this.#people.load(principal.userId);
    return state.status === 'active' ? withEtag(oneself(state), revision) : notFound;
  }
}

/** So many are looked for one by one; of more, a page is soon full. */
const FEW = 1_000;

/** Who had access to an account, if they were few. */
const usersOf = async (
  accountId: string,
  readModels: ReadModels,
  at: number,
): Promise<string[] | undefined> => {
  const request = { where: { accountId }, by: 'email', limit: FEW, asOf: at };
  const found: string[] = [];
  for await (const page of readModels.pages<{ userId: string }>('account-users', request)) {
    found.push(...page.map(({ userId }) => userId));
    if (found.length >= FEW) return undefined;
  }
  return found;
};

export const userQueries = [
  GetMeHandler,
  ...listHandlers(
    listRow<ListUsers, UserView>({
      on: ListUsers,
      projection: 'users',
      joins: ['deliveries', 'account-users'],
      authorize: (principal, { organizationId }) => mayRead(principal, organizationId),
      where: ({ organizationId, kind, role, status, domain, accountId, twoFactorRequired, search }) => ({
        organizationId,
        kind,
        role,
        status,
        domain: domain?.toLowerCase(),
        accountIds: accountId,
        twoFactorRequired,
        words: beginningWith(search),
      }),
      then: async ({ accountId }, readModels, at) => {
        const users = accountId === undefined ? undefined : await usersOf(accountId, readModels, at);
        return users && { userId: { in: users } };
      },
      sort: { name: 'name', email: 'email', joinedAt: 'joinedAt' },
      items,
    }),
  ),
  ...resourceHandlers(
    resourceRow<GetUser, UserView>({
      on: GetUser,
      projection: 'users',
      joins: ['deliveries'],
      id: ({ organizationId, userId }) => `${organizationId}:${userId}`,
      authorize: (principal, { organizationId, userId }) =>
        principal.userId === userId
          ? inOrganization(principal, organizationId)
          : mayRead(principal, organizationId),
      item: async (view, readModels, at) => (await items([view], readModels, at))[0],
    }),
  ),
];
