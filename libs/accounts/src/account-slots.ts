import type { Decider, Event } from '#kernel';

/** Places for accounts that are about to be there; its revision guards the limit that an operator has set (ACC-11). */
export type AccountSlotEvent = Event<
  'AccountSlotReserved',
  {
    organizationId: string;
    accountId: string;
    /** Earlier places whose accounts are there by now, or never will be. */
    settled: readonly string[];
    reservedAt: string;
  }
>;

export interface AccountSlots {
  readonly organizationId: string | null;
  /** Account → when its place was taken. */
  readonly taken: Readonly<Record<string, string>>;
}

export type AccountSlotCommand = {
  type: 'ReserveAccountSlot';
  organizationId: string;
  accountId: string;
  settled: readonly string[];
};

export const accountSlots: Decider<AccountSlots, AccountSlotCommand, AccountSlotEvent> = {
  category: 'limits.accounts',
  initial: { organizationId: null, taken: {} },
  evolve: (state, event) => {
    if (event.type !== 'AccountSlotReserved') return state;
    const { organizationId, accountId, settled, reservedAt } = event.data;
    const still = Object.entries(state.taken).filter(([id]) => !settled.includes(id));
    return { organizationId, taken: { ...Object.fromEntries(still), [accountId]: reservedAt } };
  },
  organizationOf: ({ organizationId }) => organizationId,
  decide: ({ type: _type, ...slot }, { taken }, { now }) =>
    taken[slot.accountId] ? [] : [{ type: 'AccountSlotReserved', data: { ...slot, reservedAt: now } }],
};
