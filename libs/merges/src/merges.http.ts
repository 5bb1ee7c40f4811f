import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { Commands, type Principal } from '#commands';
import { Answers, Call, PathId, ReadQuery, Told } from '#http';
import { Queries } from '#queries';
import { RequestMerge } from './merge.commands.ts';
import { merge, mergePreview, merges, requestedMerge } from './merges.answers.ts';
import { GetMerge, ListMerges, MergesQuery, PreviewMerge, PreviewQuery } from './merges.queries.ts';

@Controller('v1/organizations/:organizationId/merges')
export class MergesController {
  readonly #commands: Commands;
  readonly #queries: Queries;

  constructor(commands: Commands, queries: Queries) {
    this.#commands = commands;
    this.#queries = queries;
  }

  @Post()
  @Answers(requestedMerge)
  @Told(
    'Invites the Owner of another organization; accepting merges that organization into this one.',
    'owner_role_by_transfer_only',
    'email_invalid',
    'domain_unverified',
    'domain_unvalidated',
    'invitation_already_pending',
    'merge_blocked',
    'pending_invitations_limit',
  )
  request(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: RequestMerge,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }

  @Get()
  @Answers(merges)
  @Told('Lists the merges into the organization.')
  list(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() query: MergesQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListMerges(), query), { organizationId }, call);
  }

  @Get('preview')
  @Answers(mergePreview)
  @Told(
    'What merging the organization of that Owner would do, and what stands in the way. Of a large one a part at a time: first all users, then all accounts.',
    'domain_unverified',
    'cursor_invalid',
  )
  preview(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() query: PreviewQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new PreviewMerge(), query), { organizationId }, call);
  }

  @Get(':mergeId')
  @Answers(merge)
  @Told('One merge.')
  get(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('mergeId', 'mrg') mergeId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new GetMerge(), { organizationId, mergeId }, call);
  }
}
