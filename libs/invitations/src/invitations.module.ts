import { mayManage, type Noun, rowsOf, systemOnly } from '#commands';
import { deliveries } from './deliveries.projection.ts';
import {
  CancelInvitationsOfDomain,
  CancelInvite,
  ExpireInvite,
  ReportInvitationMail,
  RevertAcceptance,
} from './invitation.commands.ts';
import {
  AcceptInviteHandler,
  CancelInvitationsOfDomainHandler,
  DeclineInviteHandler,
  foreign,
  invitationAnswer,
  ResendInviteHandler,
  SendInviteHandler,
} from './invitation.handlers.ts';
import { invitationHistory } from './invitation.history.ts';
import { invitationMail } from './invitation.mails.ts';
import { invitation } from './invitation.ts';
import { invitationDelivery } from './invitation-delivery.ts';
import { invitationExpiry } from './invitation-expiry.timer.ts';
import { InvitationLinksController, InvitationsController } from './invitations.http.ts';
import { invitations } from './invitations.projection.ts';
import { invitationQueries } from './invitations.queries.ts';
import { Invitees } from './invitees.ts';
import { whenDomainDeletedCancelItsInvitations } from './when-domain-deleted-cancel-its-invitations.policy.ts';
import { whenInvitationAcceptedJoinTheOrganization } from './when-invitation-accepted-join-the-organization.policy.ts';
import { whenInvitationEndedDiscardItsPendingUser } from './when-invitation-ended-discard-its-pending-user.policy.ts';
import { whenInvitationSentMailIt } from './when-invitation-sent-mail-it.policy.ts';

const invitationRow = rowsOf(invitation);
const id = ({ invitationId }: { invitationId: string }) => invitationId;

export const invitationsNoun: Noun = {
  name: 'invitations',
  catalogue: invitationHistory,
  commands: [ExpireInvite, RevertAcceptance, CancelInvitationsOfDomain, ReportInvitationMail],
  controllers: [InvitationsController, InvitationLinksController],
  providers: [
    Invitees,
    SendInviteHandler,
    ResendInviteHandler,
    AcceptInviteHandler,
    DeclineInviteHandler,
    CancelInvitationsOfDomainHandler,
    ...invitationQueries,
  ],
  projections: [invitations, deliveries],
  timers: [invitationExpiry],
  mails: [invitationMail],
  policies: [
    whenInvitationAcceptedJoinTheOrganization,
    whenInvitationEndedDiscardItsPendingUser,
    whenDomainDeletedCancelItsInvitations,
    whenInvitationSentMailIt,
  ],
  rows: [
    invitationRow({
      on: CancelInvite,
      id,
      authorize: (principal, state, { organizationId }) =>
        foreign(state, organizationId) ?? mayManage(principal, organizationId),
      command: () => ({ type: 'CancelInvite', reason: 'manual' }),
      answer: invitationAnswer,
    }),
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
