import { type Noun, rowsOf, systemOnly } from '#commands';
import { AccountDoors } from './account-doors.ts';
import { GrantAccountAccessHandler, InviteToAccountHandler } from './account-invitations.handlers.ts';
import { deliveries } from './deliveries.projection.ts';
import {
  CancelInvitationsOfAccount,
  CancelInvitationsOfDomain,
  ExpireInvite,
  GrantAccountAccess,
  RecordRefusedPart,
  ReportInvitationMail,
  RevertAcceptance,
} from './invitation.commands.ts';
import { CancelInviteHandler, ResendInviteHandler, SendInviteHandler } from './invitation.handlers.ts';
import { invitationHistory } from './invitation.history.ts';
import { invitationMail, invitationWithdrawnMail } from './invitation.mails.ts';
import { invitation } from './invitation.ts';
import { AcceptInviteHandler, DeclineInviteHandler } from './invitation-answers.handlers.ts';
import { invitationDelivery } from './invitation-delivery.ts';
import {
  CancelInvitationsOfAccountHandler,
  CancelInvitationsOfDomainHandler,
  PendingInvitations,
} from './invitation-endings.handlers.ts';
import { invitationExpiry } from './invitation-expiry.timer.ts';
import { InvitationSending } from './invitation-sending.ts';
import {
  AccountInvitationsController,
  InvitationLinksController,
  InvitationsController,
} from './invitations.http.ts';
import { invitations } from './invitations.projection.ts';
import { invitationQueries } from './invitations.queries.ts';
import { Invitees } from './invitees.ts';
import { whenADomainTookAnInvitationAlongTellTheInvitee } from './when-a-domain-took-an-invitation-along-tell-the-invitee.policy.ts';
import { whenAccountClosedCancelItsInvitations } from './when-account-closed-cancel-its-invitations.policy.ts';
import { whenDomainDeletedCancelItsInvitations } from './when-domain-deleted-cancel-its-invitations.policy.ts';
import { whenInvitationAcceptedJoinTheOrganization } from './when-invitation-accepted-join-the-organization.policy.ts';
import { whenInvitationEndedDiscardItsPendingUser } from './when-invitation-ended-discard-its-pending-user.policy.ts';
import { whenInvitationSentMailIt } from './when-invitation-sent-mail-it.policy.ts';

const invitationRow = rowsOf(invitation);
const id = ({ invitationId }: { invitationId: string }) => invitationId;

export const invitationsNoun: Noun = {
  name: 'invitations',
  catalogue: invitationHistory,
  commands: [
    ExpireInvite,
    RevertAcceptance,
    RecordRefusedPart,
    GrantAccountAccess,
    CancelInvitationsOfDomain,
    CancelInvitationsOfAccount,
    ReportInvitationMail,
  ],
  controllers: [InvitationsController, AccountInvitationsController, InvitationLinksController],
  providers: [
    Invitees,
    AccountDoors,
    InvitationSending,
    PendingInvitations,
    SendInviteHandler,
    InviteToAccountHandler,
    ResendInviteHandler,
    CancelInviteHandler,
    AcceptInviteHandler,
    DeclineInviteHandler,
    GrantAccountAccessHandler,
    CancelInvitationsOfDomainHandler,
    CancelInvitationsOfAccountHandler,
    ...invitationQueries,
  ],
  projections: [invitations, deliveries],
  timers: [invitationExpiry],
  mails: [invitationMail, invitationWithdrawnMail],
  policies: [
    whenInvitationAcceptedJoinTheOrganization,
    whenInvitationEndedDiscardItsPendingUser,
    whenDomainDeletedCancelItsInvitations,
    whenAccountClosedCancelItsInvitations,
    whenInvitationSentMailIt,
    whenADomainTookAnInvitationAlongTellTheInvitee,
  ],
  rows: [
    invitationRow({
      on: ExpireInvite,
      id,
      authorize: systemOnly,
      command: ({ generation }) => ({ type: 'ExpireInvite', generation }),
    }),
    invitationRow({
      on: RevertAcceptance,
      id,
      authorize: systemOnly,
      command: ({ reason }) => ({ type: 'RevertAcceptance', reason }),
    }),
    invitationRow({
      on: RecordRefusedPart,
      id,
      authorize: systemOnly,
      command: ({ accountId, reason }) => ({ type: 'RecordRefusedPart', accountId, reason }),
    }),
    rowsOf(invitationDelivery)({
      on: ReportInvitationMail,
      id,
      authorize: systemOnly,
      command: ({ invitationId, organizationId, userId, generation, delivery }) => ({
        type: 'ReportInvitationMail',
        invitationId,
        organizationId,
        userId,
        generation,
        delivery,
      }),
    }),
  ],
};
