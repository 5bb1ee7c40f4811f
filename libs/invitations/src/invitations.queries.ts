import { Injectable } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { IsOptional } from 'class-validator';
import { type Account, account, mayReadAccountUsers } from '#accounts';
import { Execution, mayRead } from '#commands';
import { type Answered, ListQuery, OneOf, SortBy, Text } from '#http';
import { beginningWith, notFound, type Refusal } from '#kernel';
import { organization } from '#organizations';
import {
  answerList,
  answerResource,
  listHandlers,
  listRow,
  OrgledgerQuery,
  readingOf,
  resourceHandlers,
  resourceRow,
} from '#queries';
import { ReadModels } from '#read-models';
import { isLiving, People } from '#users';
import type { DeliveryView } from './deliveries.projection.ts';
import { invitationLinkInvalid, isOpen } from './invitation.ts';
import { InvitationLinks } from './invitation-links.ts';
import type { invitation } from './invitations.answers.ts';
import type { InvitationView } from './invitations.projection.ts';

export class InvitationsQuery extends ListQuery {
  @IsOptional() @OneOf(['pending', 'accepted', 'declined', 'cancelled', 'expired']) status?: string;
  @IsOptional() @SortBy('sentAt', 'email') sort?: string;
  @IsOptional() @Text({ max: 200 }) search?: string;
}

export class ListInvitations extends OrgledgerQuery {
  organizationId!: string;
  status?: string;
  search?: string;
}

export class GetInvitation extends OrgledgerQuery {
  organizationId!: string;
  invitationId!: string;
}

/** Invitations that offer an account, whether sent from it or from its organization; none of an earlier one. */
export class ListAccountInvitations extends OrgledgerQuery {
  accountId!: string;
  home?: string | null;
  status?: string;
  search?: string;
}

export class GetAccountInvitation extends OrgledgerQuery {
  accountId!: string;
  home?: string | null;
  invitationId!: string;
}

export class ByTokenQuery {
  @Text({ max: 512 }) token!: string;
}

/** What somebody who holds a link may know before they answer. */
export class GetInvitationByToken extends OrgledgerQuery {
  token!: string;
}

const item = (
  {
    words: _words,
    revision: _revision,
    sentFrom: _sentFrom,
    accountIds: _accountIds,
    _id,
    ...view
  }: InvitationView & { _id: string },
  told: DeliveryView | undefined,
): Answered<typeof invitation> => ({
  ...view,
  delivery: told?.generation === view.timesSent ? told.delivery : 'queued',
});

const items = async (
  views: readonly (InvitationView & { _id: string })[],
  readModels: ReadModels,
  at: number | undefined,
) => {
  const ids = views.map(({ invitationId }) => invitationId);
  const told = await readModels.many<DeliveryView>('deliveries', ids, at);
  return views.map((view) => item(view, told.get(view.invitationId)));
};

@Injectable()
@QueryHandler(GetInvitationByToken)
class GetInvitationByTokenHandler implements IQueryHandler<GetInvitationByToken> {
  readonly #execution: Execution;
  readonly #links: InvitationLinks;
  readonly #people: People;

  constructor(execution: Execution, links: InvitationLinks, people: People) {
    this.#execution = execution;
    this.#links = links;
    this.#people = people;
  }

  async execute({ token }: GetInvitationByToken): Promise<object | Refusal> {
    const { state } = (await this.#links.opened(token, this.#execution)) ?? {};
    if (!state || !isOpen(state, this.#execution.now())) return invitationLinkInvalid;
    const { state: invitee } = await this.#people.load(state.userId);
    if (invitee.status === 'deleted') return invitationLinkInvalid;
    const { organizationId, role, joinsOrganizationId } = state;
    const joins = role === null ? joinsOrganizationId : organizationId;
    const { state: home } = await this.#execution.load(organization, joins ?? '');
    const { state: inviter } = await this.#people.load(state.invitedBy);
    return {
      kind: state.kind,
      organizationName: home.status === 'open' ? home.name : null,
      inviterName: 'givenName' in inviter ? `${inviter.givenName} ${inviter.familyName}`.trim() : '',
      email: state.email,
      role: role ?? (joins === null ? null : 'standard_user'),
      accounts: await this.#named(state.accounts),
      ownedAccounts: await this.#named(state.ownedAccountIds.map((accountId) => ({ accountId }))),
      expiresAt: state.expiresAt,
      signInRequired: isLiving(invitee),
    };
  }

  #named<Grant extends { readonly accountId: string }>(grants: readonly Grant[]) {
    return Promise.all(
      grants.map(async (grant) => {
        const { state } = await this.#execution.load(account, grant.accountId);
        return { ...grant, name: state.status === 'unknown' ? '' : state.name };
      }),
    );
  }
}

const homeOf = (state: Account) => ({ home: state.status === 'unknown' ? null : state.organizationId });

const invitationsOfAccount = listRow<ListAccountInvitations, InvitationView & { _id: string }>({
  on: ListAccountInvitations,
  projection: 'invitations',
  joins: ['deliveries'],
  authorize: () => undefined,
  where: ({ accountId, home, status, search }) => ({
    accountIds: accountId,
    sentFrom: { in: [accountId, ...(home ? [home] : [])] },
    status,
    words: beginningWith(search),
  }),
  sort: { sentAt: '-sentAt', email: 'email' },
  items,
});

@Injectable()
@QueryHandler(ListAccountInvitations)
class ListAccountInvitationsHandler implements IQueryHandler<ListAccountInvitations> {
  readonly #execution: Execution;
  readonly #readModels: ReadModels;

  constructor(execution: Execution, readModels: ReadModels) {
    this.#execution = execution;
    this.#readModels = readModels;
  }

  async execute(query: ListAccountInvitations): Promise<unknown> {
    const { state } = await this.#execution.load(account, query.accountId);
    const refused = mayReadAccountUsers(readingOf(query).principal, state);
    if (refused) return refused;
    return answerList(invitationsOfAccount, Object.assign(query, homeOf(state)), this.#readModels);
  }
}

const invitationOfAccount = resourceRow<GetAccountInvitation, InvitationView & { _id: string }>({
  on: GetAccountInvitation,
  projection: 'invitations',
  joins: ['deliveries'],
  id: ({ invitationId }) => invitationId,
  authorize: (_principal, { accountId, home }, view) =>
    view.accountIds.includes(accountId) && [accountId, home].includes(view.sentFrom) ? undefined : notFound,
  item: async (view, readModels, at) => (await items([view], readModels, at))[0],
});

@Injectable()
@QueryHandler(GetAccountInvitation)
class GetAccountInvitationHandler implements IQueryHandler<GetAccountInvitation> {
  readonly #execution: Execution;
  readonly #readModels: ReadModels;

  constructor(execution: Execution, readModels: ReadModels) {
    this.#execution = execution;
    this.#readModels = readModels;
  }

  async execute(query: GetAccountInvitation): Promise<unknown> {
    const { state } = await this.#execution.load(account, query.accountId);
    const refused = mayReadAccountUsers(readingOf(query).principal, state);
    if (refused) return refused;
    return answerResource(invitationOfAccount, Object.assign(query, homeOf(state)), this.#readModels);
  }
}

export const invitationQueries = [
  GetInvitationByTokenHandler,
  ListAccountInvitationsHandler,
  GetAccountInvitationHandler,
  ...listHandlers(
    listRow<ListInvitations, InvitationView & { _id: string }>({
      on: ListInvitations,
      projection: 'invitations',
      joins: ['deliveries'],
      authorize: (principal, { organizationId }) => mayRead(principal, organizationId),
      where: ({ organizationId, status, search }) => ({
        sentFrom: organizationId,
        status,
        words: beginningWith(search),
      }),
      sort: { sentAt: '-sentAt', email: 'email' },
      items,
    }),
  ),
  ...resourceHandlers(
    resourceRow<GetInvitation, InvitationView & { _id: string }>({
      on: GetInvitation,
      projection: 'invitations',
      joins: ['deliveries'],
      id: ({ invitationId }) => invitationId,
      authorize: (principal, { organizationId }, view) =>
        mayRead(principal, organizationId) ?? (view.organizationId === organizationId ? undefined : notFound),
      item: async (view, readModels, at) => (await items([view], readModels, at))[0],
    }),
  ),
];
