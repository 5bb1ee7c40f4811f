import { type Decider, type Event, notFound, type Refusal, refuse, unreachable } from '#kernel';

export type AdditionKind = 'managed' | 'independent';

interface About {
  readonly additionId: string;
  readonly accountId: string;
  readonly organizationId: string;
  readonly kind: AdditionKind;
}

interface Request extends About {
  /** Who owned the account then; whoever owns it when it is answered, answers. */
  readonly ownerId: string;
  /** Empty where the organization may not know it before the owner has agreed. */
  readonly name: string;
  readonly requestedBy: string;
  readonly expiresAt: string;
}

/** ACC-04, ACC-05, ACC-06: an organization asks for an account that is there already; its owner answers. */
export type AccountAdditionEvent =
  | Event<'AccountAdditionRequested', Request & { requestedAt: string }>
  | Event<'AccountAdditionConfirmed', About & { ownerId: string }>
  | Event<'AccountAdditionReverted', About & { reason: string }>
  | Event<'AccountAdditionDeclined', About>
  | Event<'AccountAdditionExpired', About>
  /** MRG-04: whoever asked is absorbed by another organization. */
  | Event<'AccountAdditionWithdrawn', About>;

export type AccountAddition =
  | { readonly status: 'unknown' }
  | ({
      readonly status: 'pending' | 'confirmed' | 'reverted' | 'declined' | 'expired' | 'withdrawn';
    } & Request);

export type AccountAdditionCommand =
  | ({ type: 'RequestAccountAddition' } & Request)
  | { type: 'ConfirmAccountAddition'; ownerId: string }
  | { type: 'DeclineAccountAddition' }
  | { type: 'RevertAccountAddition'; reason: string }
  | { type: 'ExpireAccountAddition' }
  | { type: 'WithdrawAccountAddition' };

/** Decided from the command's time, so that an expired one cannot be answered before its timer fires. */
export const isPending = (state: AccountAddition, now: string): boolean =>
  state.status === 'pending' && now < state.expiresAt;

const notPending: Refusal = refuse(
  'conflict',
  'account_addition_not_pending',
  'This request is no longer pending.',
);

const ends = {
  AccountAdditionConfirmed: 'confirmed',
  AccountAdditionReverted: 'reverted',
  AccountAdditionDeclined: 'declined',
  AccountAdditionExpired: 'expired',
  AccountAdditionWithdrawn: 'withdrawn',
} as const;

export const accountAddition: Decider<AccountAddition, AccountAdditionCommand, AccountAdditionEvent> = {
  category: 'accountAddition',
  initial: { status: 'unknown' },
  evolve: (state, event) => {
    if (event.type === 'AccountAdditionRequested') {
      const { requestedAt: _at, ...request } = event.data;
      return { status: 'pending', ...request };
    }
    return state.status === 'unknown' || !(event.type in ends)
      ? state
      : { ...state, status: ends[event.type] };
  },
  organizationOf: (state) => (state.status === 'unknown' ? null : state.organizationId),
  decide: (command, state, { now }) => {
    if (command.type === 'RequestAccountAddition') {
      if (state.status !== 'unknown') return [];
      const { type: _type, ...request } = command;
      return [{ type: 'AccountAdditionRequested', data: { ...request, requestedAt: now } }];
    }
    if (state.status === 'unknown') return notFound;
    const { additionId, accountId, organizationId, kind } = state;
    const about: About = { additionId, accountId, organizationId, kind };
    switch (command.type) {
      case 'ConfirmAccountAddition':
        if (state.status === 'confirmed') return [];
        return isPending(state, now)
          ? [{ type: 'AccountAdditionConfirmed', data: { ...about, ownerId: command.ownerId } }]
          : notPending;
      case 'DeclineAccountAddition':
        if (state.status === 'declined') return [];
        return isPending(state, now) ? [{ type: 'AccountAdditionDeclined', data: about }] : notPending;
      case 'RevertAccountAddition':
        return state.status === 'confirmed'
          ? [{ type: 'AccountAdditionReverted', data: { ...about, reason: command.reason } }]
          : [];
      case 'ExpireAccountAddition':
        return state.status === 'pending' && now >= state.expiresAt
          ? [{ type: 'AccountAdditionExpired', data: about }]
          : [];
      case 'WithdrawAccountAddition':
        return state.status === 'pending' ? [{ type: 'AccountAdditionWithdrawn', data: about }] : [];
      default:
        return unreachable(command, []);
    }
  },
};
