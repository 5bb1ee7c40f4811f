import { type Decider, type Event, unreachable } from '#kernel';

export type Delivery = 'accepted' | 'deferred' | 'bounced' | 'failed';

/** What became of the mail: a technical stream beside the invitation, so that its history stays short (INV-12). */
export type DeliveryEvent = Event<
  'InvitationMailReported',
  {
    invitationId: string;
    organizationId: string | null;
    userId: string;
    generation: number;
    delivery: Delivery;
    reportedAt: string;
  }
>;

export interface InvitationDelivery {
  readonly organizationId: string | null;
  readonly generation: number;
  readonly delivery: Delivery | null;
}

export type DeliveryCommand = {
  type: 'ReportInvitationMail';
  invitationId: string;
  organizationId: string | null;
  userId: string;
  generation: number;
  delivery: Delivery;
};

export const invitationDelivery: Decider<InvitationDelivery, DeliveryCommand, DeliveryEvent> = {
  category: 'inviteDelivery',
  initial: { organizationId: null, generation: 0, delivery: null },
  evolve: (state, event) => {
    switch (event.type) {
      case 'InvitationMailReported': {
        const { organizationId, generation, delivery } = event.data;
        return { organizationId, generation, delivery };
      }
      default:
        return unreachable(event.type, state);
    }
  },
  organizationOf: ({ organizationId }) => organizationId,
  decide: ({ type: _type, ...report }, state, { now }) =>
    report.generation < state.generation ||
    (report.generation === state.generation && report.delivery === state.delivery)
      ? []
      : [{ type: 'InvitationMailReported', data: { ...report, reportedAt: now } }],
};
