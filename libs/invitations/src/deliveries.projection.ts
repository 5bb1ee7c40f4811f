import type { Projection } from '#kernel';
import type { Delivery, DeliveryEvent } from './invitation-delivery.ts';

/** What became of the newest mail of an invitation (INV-12); apart from the lists, which it would rewrite each time. */
export interface DeliveryView {
  readonly invitationId: string;
  readonly generation: number;
  readonly delivery: Delivery;
}

export const deliveries: Projection<DeliveryView, DeliveryEvent> = {
  name: 'deliveries',
  version: 1,
  indexes: [],
  on: {
    InvitationMailReported: {
      key: ({ data }) => data.invitationId,
      to: (_view, { data: { invitationId, generation, delivery } }) => ({
        invitationId,
        generation,
        delivery,
      }),
    },
  },
};
