export type { DeliveryView } from './deliveries.projection.ts';
export { SendInvite } from './invitation.commands.ts';
export { type InvitationEvent, invitation } from './invitation.ts';
export { type Delivery, type DeliveryEvent, invitationDelivery } from './invitation-delivery.ts';
export { InvitationLinks } from './invitation-links.ts';
export { invitationsNoun } from './invitations.module.ts';
export type { InvitationView } from './invitations.projection.ts';
export { elsewhere, MergeOffers } from './invitees.ts';
export { PendingLimit } from './pending-limit.ts';
