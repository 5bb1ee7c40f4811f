import { Controller, Get, Query } from '@nestjs/common';
import { auditEvents } from '#audit';
import type { Principal } from '#commands';
import { Answers, Call, PathId, Told } from '#http';
import { Queries } from '#queries';
import { AccountEventsQuery, ListAccountEvents } from './account-events.queries.ts';

/** rules.md 1.6: Owner and Administrators of an account read its history, and nothing else of the organization's. */
@Controller('v1/accounts/:accountId/audit-events')
export class AccountEventsController {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  @Get()
  @Answers(auditEvents)
  @Told('Lists what happened to an account in the organization that it belongs to, latest first.')
  list(
    @PathId('accountId', 'acc') accountId: string,
    @Query() query: AccountEventsQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListAccountEvents(), query), { accountId }, call);
  }
}
