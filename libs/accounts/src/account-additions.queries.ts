import { Injectable } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { Execution } from '#commands';
import { notFound, type Refusal } from '#kernel';
import { organization } from '#organizations';
import { OrgledgerQuery, readingOf } from '#queries';
import { account } from './account.ts';
import { accountAddition } from './account-addition.ts';
import { mayAnswerAddition } from './account-rights.ts';

/** What the owner of an account is asked, from the streams that decide. */
export class GetAccountAddition extends OrgledgerQuery {
  additionId!: string;
}

@Injectable()
@QueryHandler(GetAccountAddition)
class GetAccountAdditionHandler implements IQueryHandler<GetAccountAddition> {
  readonly #execution: Execution;

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  async execute(query: GetAccountAddition): Promise<object | Refusal> {
    const { state } = await this.#execution.load(accountAddition, query.additionId);
    if (state.status === 'unknown') return notFound;
    const { state: wanted } = await this.#execution.load(account, state.accountId);
    const refused = mayAnswerAddition(readingOf(query).principal, wanted);
    if (refused || wanted.status === 'unknown') return refused ?? notFound;
    const { additionId, accountId, organizationId, kind, status, expiresAt } = state;
    const { state: asking } = await this.#execution.load(organization, organizationId);
    return {
      additionId,
      accountId,
      accountName: wanted.name,
      organizationId,
      organizationName: asking.status === 'open' ? asking.name : null,
      kind,
      status,
      expiresAt,
    };
  }
}

export const accountAdditionQueries = [GetAccountAdditionHandler];
