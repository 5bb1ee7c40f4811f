import { Injectable } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { IsOptional } from 'class-validator';
import { type AuditView, auditItem } from '#audit';
import { Execution } from '#commands';
import { ListQuery, SortBy, Text } from '#http';
import { notFound } from '#kernel';
import { answerList, listRow, OrgledgerQuery, readingOf } from '#queries';
import { ReadModels } from '#read-models';
import { account } from './account.ts';
import { mayReadAccountHistory } from './account-rights.ts';

export class AccountEventsQuery extends ListQuery {
  @IsOptional() @SortBy('position') sort?: string;
  @IsOptional() @Text({ max: 100 }) type?: string;
  @IsOptional() @Text({ max: 100 }) actorId?: string;
  @IsOptional() @Text({ max: 100 }) userId?: string;
}

export class ListAccountEvents extends OrgledgerQuery {
  accountId!: string;
  type?: string;
  actorId?: string;
  userId?: string;
  /** Where the account is now: what it was elsewhere is not told. */
  home: string | null = null;
}

const row = listRow<ListAccountEvents, AuditView & { _id: string }>({
  on: ListAccountEvents,
  projection: 'audit',
  authorize: () => undefined,
  where: ({ home, accountId, type, actorId, userId }) => ({
    organizationId: home,
    resourceId: accountId,
    type,
    actorId,
    userId,
  }),
  sort: { position: '-position' },
  items: (views) => views.map(auditItem),
});

@Injectable()
@QueryHandler(ListAccountEvents)
export class ListAccountEventsHandler implements IQueryHandler<ListAccountEvents> {
  readonly #execution: Execution;
  readonly #readModels: ReadModels;

  constructor(execution: Execution, readModels: ReadModels) {
    this.#execution = execution;
    this.#readModels = readModels;
  }

  async execute(query: ListAccountEvents): Promise<unknown> {
    const { principal } = readingOf(query);
    const { state } = await this.#execution.load(account, query.accountId);
    const refused = mayReadAccountHistory(principal, state);
    if (refused || state.status === 'unknown') return refused ?? notFound;
    query.home = state.organizationId;
    return answerList(row, query, this.#readModels);
  }
}
