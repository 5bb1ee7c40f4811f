import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { Commands, type Principal } from '#commands';
import { Call, PathId, ReadQuery } from '#http';
import { Queries } from '#queries';
import {
  AcceptInvite,
  CancelInvite,
  DeclineInvite,
  InviteToAccount,
  ResendInvite,
  SendInvite,
} from './invitation.commands.ts';
import {
  ByTokenQuery,
  GetAccountInvitation,
  GetInvitation,
  GetInvitationByToken,
  InvitationsQuery,
  ListAccountInvitations,
  ListInvitations,
} from './invitations.queries.ts';

@Controller('v1/organizations/:organizationId/invitations')
export class InvitationsController {
  readonly #commands: Commands;
  readonly #queries: Queries;

  constructor(commands: Commands, queries: Queries) {
    this.#commands = commands;
    this.#queries = queries;
  }

  @Post()
  send(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: SendInvite,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }

  @Get()
  list(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() query: InvitationsQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListInvitations(), query), { organizationId }, call);
  }

  @Get(':invitationId')
  get(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('invitationId', 'inv') invitationId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new GetInvitation(), { organizationId, invitationId }, call);
  }

  @Post(':invitationId/resend')
  @HttpCode(200)
  resend(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('invitationId', 'inv') invitationId: string,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(new ResendInvite(), { organizationId, invitationId }, call);
  }

  @Post(':invitationId/cancel')
  @HttpCode(200)
  cancel(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('invitationId', 'inv') invitationId: string,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(new CancelInvite(), { organizationId, invitationId }, call);
  }
}

/** Whoever was invited to an account, from it or from its organization. */
@Controller('v1/accounts/:accountId/invitations')
export class AccountInvitationsController {
  readonly #commands: Commands;
  readonly #queries: Queries;

  constructor(commands: Commands, queries: Queries) {
    this.#commands = commands;
    this.#queries = queries;
  }

  @Post()
  send(
    @PathId('accountId', 'acc') accountId: string,
    @Body() command: InviteToAccount,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { accountId }, call);
  }

  @Get()
  list(
    @PathId('accountId', 'acc') accountId: string,
    @Query() query: InvitationsQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(
      Object.assign(new ListAccountInvitations(), query),
      { accountId, organizationId: call.principal?.organizationId ?? undefined },
      call,
    );
  }

  @Get(':invitationId')
  get(
    @PathId('accountId', 'acc') accountId: string,
    @PathId('invitationId', 'inv') invitationId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(
      new GetAccountInvitation(),
      { accountId, invitationId, organizationId: call.principal?.organizationId ?? undefined },
      call,
    );
  }

  @Post(':invitationId/resend')
  @HttpCode(200)
  resend(
    @PathId('accountId', 'acc') accountId: string,
    @PathId('invitationId', 'inv') invitationId: string,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(new ResendInvite(), { accountId, invitationId }, call);
  }

  @Post(':invitationId/cancel')
  @HttpCode(200)
  cancel(
    @PathId('accountId', 'acc') accountId: string,
    @PathId('invitationId', 'inv') invitationId: string,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(new CancelInvite(), { accountId, invitationId }, call);
  }
}

/** For the person who holds a link: reading shows, only posting consumes (mail scanners fetch links). */
@Controller('v1/invitations')
export class InvitationLinksController {
  readonly #commands: Commands;
  readonly #bus: QueryBus;

  constructor(commands: Commands, bus: QueryBus) {
    this.#commands = commands;
    this.#bus = bus;
  }

  @Get('by-token')
  byToken(@Query() query: ByTokenQuery) {
    return this.#bus.execute(Object.assign(new GetInvitationByToken(), query));
  }

  @Post('accept')
  @HttpCode(200)
  accept(@Body() command: AcceptInvite, @Call() call: Call<Principal>) {
    return this.#commands.send(command, {}, call);
  }

  @Post('decline')
  @HttpCode(200)
  decline(@Body() command: DeclineInvite, @Call() call: Call<Principal>) {
    return this.#commands.send(command, {}, call);
  }
}
