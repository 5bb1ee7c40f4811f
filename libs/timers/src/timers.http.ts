import { Controller, Get, Query } from '@nestjs/common';
import type { Principal } from '#commands';
import { Answers, Call, PathId, Told } from '#http';
import { Queries } from '#queries';
import { upcoming } from './upcoming.answers.ts';
import { ListUpcoming, UpcomingQuery } from './upcoming.queries.ts';

@Controller('v1/organizations/:organizationId/upcoming')
export class UpcomingController {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  @Get()
  @Answers(upcoming)
  @Told('What will happen by itself, to whom, when and why, soonest first.')
  list(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() query: UpcomingQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListUpcoming(), query), { organizationId }, call);
  }
}
