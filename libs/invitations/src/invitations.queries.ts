import { Injectable } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { IsOptional } from 'class-validator';
import { Execution, mayRead } from '#commands';
import { ListQuery, OneOf, SortBy, Text } from '#http';
import { foldCase, notFound, type Refusal } from '#kernel';
import { organization } from '#organizations';
import { listHandlers, listRow, OrgledgerQuery, resourceHandlers, resourceRow } from '#queries';
import type { ReadModels } from '#read-models';
import { isLiving, People } from '#users';
import type { DeliveryView } from './deliveries.projection.ts';
import { invitationLinkInvalid, isOpen } from './invitation.ts';
import { InvitationLinks } from './invitation-links.ts';
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

export class ByTokenQuery {
  @Text({ max: 512 }) token!: string;
}

/** What somebody who holds a link may know before they answer. */
export class GetInvitationByToken extends OrgledgerQuery {
  token!: string;
}

const item = (
  { words: _words, revision: _revision, _id, ...view }: InvitationView & { _id: string },
  told: DeliveryView | undefined,
) => ({ ...view, delivery: told?.generation === view.timesSent ? told.delivery : 'queued' });

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
    const { state: home } = await this.#execution.load(organization, state.organizationId);
    const { state: inviter } = await this.#people.load(state.invitedBy);
    const { state: invitee } = await this.#people.load(state.userId);
    return {
      kind: state.kind,
      organizationName: home.status === 'open' ? home.name : '',
      inviterName: isLiving(inviter) ? `${inviter.givenName} ${inviter.familyName}`.trim() : '',
      email: state.email,
      role: state.role,
      accounts: [],
      expiresAt: state.expiresAt,
      signInRequired: invitee.status === 'active',
    };
  }
}

export const invitationQueries = [
  GetInvitationByTokenHandler,
  ...listHandlers(
    listRow<ListInvitations, InvitationView & { _id: string }>({
      on: ListInvitations,
      projection: 'invitations',
      joins: ['deliveries'],
      authorize: (principal, { organizationId }) => mayRead(principal, organizationId),
      where: ({ organizationId, status, search }) => ({
        organizationId,
        status,
        words: search === undefined ? undefined : { prefix: foldCase(search) },
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
