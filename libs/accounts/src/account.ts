import { type Decider, type Event, notFound, unreachable } from '#kernel';

export type AccountEvent =
  | Event<
      'AccountCreated',
      { accountId: string; organizationId: string; name: string; ownerId: string; createdAt: string }
    >
  | Event<
      'AccountRenamed',
      { accountId: string; organizationId: string; name: string; previousName: string }
    >;

export type Account =
  | { readonly status: 'unknown' }
  | {
      readonly status: 'active';
      readonly accountId: string;
      readonly organizationId: string;
      readonly name: string;
      readonly ownerId: string;
    };

export type AccountCommand =
  | { type: 'CreateAccount'; accountId: string; organizationId: string; name: string; ownerId: string }
  | { type: 'UpdateAccount'; name: string };

export const account: Decider<Account, AccountCommand, AccountEvent> = {
  category: 'account',
  initial: { status: 'unknown' },
  evolve: (state, event) => {
    switch (event.type) {
      case 'AccountCreated': {
        const { accountId, organizationId, name, ownerId } = event.data;
        return { status: 'active', accountId, organizationId, name, ownerId };
      }
      case 'AccountRenamed':
        return state.status === 'active' ? { ...state, name: event.data.name } : state;
      default:
        return unreachable(event, state);
    }
  },
  organizationOf: (state) => (state.status === 'unknown' ? null : state.organizationId),
  decide: (command, state, { now }) => {
    switch (command.type) {
      case 'CreateAccount': {
        if (state.status !== 'unknown') return [];
        const { type: _type, ...created } = command;
        return [{ type: 'AccountCreated', data: { ...created, createdAt: now } }];
      }
      case 'UpdateAccount': {
        if (state.status === 'unknown') return notFound;
        if (command.name === state.name) return [];
        const { accountId, organizationId, name: previousName } = state;
        return [
          { type: 'AccountRenamed', data: { accountId, organizationId, name: command.name, previousName } },
        ];
      }
      default:
        return unreachable(command, []);
    }
  },
};
