export { ReportInvitationMail } from './invitation.commands.ts';
export { InvitationLinks } from './invitation.handlers.ts';
export { type InvitationEvent, invitation } from './invitation.ts';
export { type Delivery, type DeliveryEvent, invitationDelivery } from './invitation-delivery.ts';
export { invitationsNoun } from './invitations.module.ts';
export type { InvitationView } from './invitations.projection.ts';
export { PendingLimit } from './pending-limit.ts';
