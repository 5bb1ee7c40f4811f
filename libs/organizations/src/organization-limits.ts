import type { Decider, Event } from '#kernel';

/** What an operator lets an organization have; null: as much as it likes (USR-18, ACC-11). */
export interface Limits {
  readonly users: number | null;
  readonly accounts: number | null;
}

export type LimitsEvent = Event<
  'LimitsChanged',
  {
    organizationId: string;
    users: number | null;
    accounts: number | null;
    previousUsers: number | null;
    previousAccounts: number | null;
  }
>;

export interface OrganizationLimits extends Limits {
  readonly organizationId: string | null;
}

export type LimitsCommand = { type: 'SetLimits'; organizationId: string } & Partial<Limits>;

/** On a stream of its own, so that it does not age the organization's `ETag`. */
export const organizationLimits: Decider<OrganizationLimits, LimitsCommand, LimitsEvent> = {
  category: 'limits.organization',
  initial: { organizationId: null, users: null, accounts: null },
  evolve: (state, event) => {
    if (event.type !== 'LimitsChanged') return state;
    const { organizationId, users, accounts } = event.data;
    return { organizationId, users, accounts };
  },
  organizationOf: ({ organizationId }) => organizationId,
  decide: (command, { users: previousUsers, accounts: previousAccounts }) => {
    const { organizationId, users = previousUsers, accounts = previousAccounts } = command;
    if (users === previousUsers && accounts === previousAccounts) return [];
    return [
      { type: 'LimitsChanged', data: { organizationId, users, accounts, previousUsers, previousAccounts } },
    ];
  },
};
