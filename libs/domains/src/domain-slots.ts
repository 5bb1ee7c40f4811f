import { type Decider, type Event, refuse, unreachable } from '#kernel';

/** The slots of one organization on a stream of their own, whose revision guards the limit (DOM-03). */
export type DomainSlotEvent =
  | Event<
      'DomainSlotReserved',
      { organizationId: string; domainId: string; domain: string; reservedAt: string }
    >
  | Event<'DomainSlotReleased', { organizationId: string; domainId: string }>;

export interface DomainSlots {
  readonly organizationId: string | null;
  /** Domain id → name and time of reservation. */
  readonly taken: Readonly<Record<string, { readonly domain: string; readonly reservedAt: string }>>;
}

export type DomainSlotCommand =
  | { type: 'ReserveDomainSlot'; organizationId: string; domainId: string; domain: string; limit: number }
  | { type: 'ReleaseDomainSlot'; organizationId: string; domainId: string };

export const domainSlots: Decider<DomainSlots, DomainSlotCommand, DomainSlotEvent> = {
  category: 'limits',
  initial: { organizationId: null, taken: {} },
  evolve: (state, event) => {
    switch (event.type) {
      case 'DomainSlotReserved': {
        const { organizationId, domainId, domain, reservedAt } = event.data;
        return { organizationId, taken: { ...state.taken, [domainId]: { domain, reservedAt } } };
      }
      case 'DomainSlotReleased': {
        const { [event.data.domainId]: _released, ...taken } = state.taken;
        return { ...state, taken };
      }
      default:
        return unreachable(event, state);
    }
  },
  organizationOf: ({ organizationId }) => organizationId,
  decide: (command, { taken }, { now }) => {
    const { organizationId, domainId } = command;
    switch (command.type) {
      case 'ReserveDomainSlot': {
        if (taken[domainId]) return [];
        const { domain, limit } = command;
        if (Object.values(taken).some((slot) => slot.domain === domain))
          return refuse('conflict', 'domain_already_added', `${domain} is already in this organization.`);
        if (Object.keys(taken).length >= limit)
          return refuse(
            'invalid',
            'domain_limit_reached',
            `An organization can have at most ${limit} domains.`,
          );
        return [{ type: 'DomainSlotReserved', data: { organizationId, domainId, domain, reservedAt: now } }];
      }
      case 'ReleaseDomainSlot':
        return taken[domainId] ? [{ type: 'DomainSlotReleased', data: { organizationId, domainId } }] : [];
      default:
        return unreachable(command, []);
    }
  },
};
