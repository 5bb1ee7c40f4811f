import { Controller, Get, Param, Query } from '@nestjs/common';
import type { Principal } from '#commands';
import { Answers, Call, PathId, ReadQuery, Told } from '#http';
import { Queries } from '#queries';
import { auditEvent, auditEvents } from './audit.answers.ts';
import { AuditEventsQuery, GetAuditEvent, ListAuditEvents } from './audit.queries.ts';

@Controller('v1/organizations/:organizationId/audit-events')
export class AuditController {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  @Get()
  @Answers(auditEvents)
  @Told('Lists what happened in the organization, latest first.')
  list(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() query: AuditEventsQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListAuditEvents(), query), { organizationId }, call);
  }

  @Get(':eventId')
  @Answers(auditEvent)
  @Told('One thing that happened: who did it, from where, and what it said.')
  get(
    @PathId('organizationId', 'org') organizationId: string,
    @Param('eventId') eventId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new GetAuditEvent(), { organizationId, eventId }, call);
  }
}
