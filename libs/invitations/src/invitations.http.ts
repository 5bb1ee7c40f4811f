import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { Commands, type Principal } from '#commands';
import { Answers, Call, PathId, ReadQuery, receipt, Told } from '#http';
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
  acceptedInvitation,
  changedInvitation,
  invitation,
  invitations,
  invitedToAccount,
  openedInvitation,
} from './invitations.answers.ts';
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
  @Answers(changedInvitation)
  @Told(
    'Invites somebody to the organization, and to accounts of it where they are named.',
    'owner_role_by_transfer_only',
    'email_invalid',
    'domain_unverified',
    'domain_unvalidated',
    'invitation_already_pending',
    'already_member',
    'user_belongs_to_another_organization',
    'pending_invitations_limit',
    'user_limit_reached',
    'account_unknown',
    'account_named_twice',
    'role_combination_invalid',
    'account_suspended',
    'account_closed',
  )
  send(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() command: SendInvite,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { organizationId }, call);
  }

  @Get()
  @Answers(invitations)
  @Told('Lists the invitations sent from the organization.')
  list(
    @PathId('organizationId', 'org') organizationId: string,
    @Query() query: InvitationsQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListInvitations(), query), { organizationId }, call);
  }

  @Get(':invitationId')
  @Answers(invitation)
  @Told('One invitation.')
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
  @Answers(changedInvitation)
  @Told(
    'Sends an invitation again; earlier links no longer work.',
    'invitation_not_pending',
    'domain_unverified',
    'domain_unvalidated',
    'invitation_already_pending',
    'pending_invitations_limit',
  )
  resend(
    @PathId('organizationId', 'org') organizationId: string,
    @PathId('invitationId', 'inv') invitationId: string,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(new ResendInvite(), { organizationId, invitationId }, call);
  }

  @Post(':invitationId/cancel')
  @HttpCode(200)
  @Answers(changedInvitation)
  @Told('Cancels an invitation.', 'invitation_not_pending')
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
  @Answers(invitedToAccount)
  @Told(
    'Gives a managed user access at once, and invites everybody else.',
    'invite_through_organization',
    'domain_managed_elsewhere',
    'role_combination_invalid',
    'owner_role_by_transfer_only',
    'email_invalid',
    'domain_unverified',
    'domain_unvalidated',
    'invitation_already_pending',
    'already_member',
    'user_belongs_to_another_organization',
    'pending_invitations_limit',
    'account_suspended',
    'account_closed',
  )
  send(
    @PathId('accountId', 'acc') accountId: string,
    @Body() command: InviteToAccount,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(command, { accountId }, call);
  }

  @Get()
  @Answers(invitations)
  @Told('Lists the invitations that offer the account.')
  list(
    @PathId('accountId', 'acc') accountId: string,
    @Query() query: InvitationsQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(Object.assign(new ListAccountInvitations(), query), { accountId }, call);
  }

  @Get(':invitationId')
  @Answers(invitation)
  @Told('One invitation that offers the account.')
  get(
    @PathId('accountId', 'acc') accountId: string,
    @PathId('invitationId', 'inv') invitationId: string,
    @Query() _query: ReadQuery,
    @Call() call: Call<Principal>,
  ) {
    return this.#queries.ask(new GetAccountInvitation(), { accountId, invitationId }, call);
  }

  @Post(':invitationId/resend')
  @HttpCode(200)
  @Answers(changedInvitation)
  @Told(
    'Sends an invitation again; earlier links no longer work.',
    'invitation_not_pending',
    'domain_unvalidated',
    'invitation_already_pending',
    'pending_invitations_limit',
  )
  resend(
    @PathId('accountId', 'acc') accountId: string,
    @PathId('invitationId', 'inv') invitationId: string,
    @Call() call: Call<Principal>,
  ) {
    return this.#commands.send(new ResendInvite(), { accountId, invitationId }, call);
  }

  @Post(':invitationId/cancel')
  @HttpCode(200)
  @Answers(changedInvitation)
  @Told('Cancels an invitation.', 'invitation_not_pending')
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
  @Answers(openedInvitation)
  @Told('What somebody who holds a link may know before they answer.', 'invitation_link_invalid')
  byToken(@Query() query: ByTokenQuery) {
    return this.#bus.execute(Object.assign(new GetInvitationByToken(), query));
  }

  @Post('accept')
  @HttpCode(200)
  @Answers(acceptedInvitation)
  @Told(
    'Accepts an invitation: a new person with a name and a password, an existing one signed in.',
    'invitation_link_invalid',
    'password_too_weak',
    'user_belongs_to_another_organization',
    'domain_unverified',
    'domain_unvalidated',
    'account_suspended',
    'account_closed',
    'unauthenticated',
    'user_limit_reached',
    'account_limit_reached',
  )
  accept(@Body() command: AcceptInvite, @Call() call: Call<Principal>) {
    return this.#commands.send(command, {}, call);
  }

  @Post('decline')
  @HttpCode(200)
  @Answers(receipt)
  @Told('Declines an invitation.', 'invitation_link_invalid')
  decline(@Body() command: DeclineInvite, @Call() call: Call<Principal>) {
    return this.#commands.send(command, {}, call);
  }
}
