import { type Acknowledgement, type Refusal, refuse, unacknowledged, unreachable } from '#kernel';
import type { About, AccountEvent } from './account.events.ts';
import type { Account, KnownAccount } from './account.ts';

/** What an account is called, what it asks of those who come in, and whether it goes on. */
export type StandingCommand =
  | { type: 'UpdateAccount'; name: string }
  | { type: 'RequireAccountTwoFactor'; required: boolean }
  | { type: 'SuspendAccount' }
  | { type: 'ReactivateAccount' }
  | { type: 'CloseAccount'; acknowledgements?: readonly string[] }
  | { type: 'FinishClosure' };

/** ACK-04. */
export const accountClosure: readonly Acknowledgement[] = [
  { code: 'account_closed', sentence: 'This account will be closed for everybody who has access to it.' },
  { code: 'invitations_cancelled', sentence: 'Pending invitations to this account will be cancelled.' },
  { code: 'not_reversible', sentence: 'This action can not be reversed.' },
];

export const accountClosed: Refusal = refuse('conflict', 'account_closed', 'This account is closed.');
export const accountSuspended: Refusal = refuse(
  'conflict',
  'account_suspended',
  'This account is suspended; reactivate it first.',
);
/** ACC-09: why nothing new begins on this account. */
export const inactive = ({ status }: Account): Refusal | undefined => {
  if (status === 'closed' || status === 'pending_closure') return accountClosed;
  return status === 'suspended' ? accountSuspended : undefined;
};

export const stands = (
  command: StandingCommand,
  state: KnownAccount,
  about: About,
): readonly AccountEvent[] | Refusal => {
  switch (command.type) {
    case 'UpdateAccount': {
      const { name } = command;
      if (name === state.name) return [];
      return (
        inactive(state) ?? [{ type: 'AccountRenamed', data: { ...about, name, previousName: state.name } }]
      );
    }
    case 'RequireAccountTwoFactor': {
      const { twoFactorRequired: previousRequired } = state;
      const { required } = command;
      if (required === previousRequired) return [];
      return (
        inactive(state) ?? [
          { type: 'AccountTwoFactorRequirementChanged', data: { ...about, required, previousRequired } },
        ]
      );
    }
    case 'SuspendAccount':
      if (state.status === 'active') return [{ type: 'AccountSuspended', data: about }];
      return state.status === 'suspended' ? [] : accountClosed;
    case 'ReactivateAccount':
      if (state.status === 'suspended') return [{ type: 'AccountReactivated', data: about }];
      return state.status === 'active' ? [] : accountClosed;
    case 'CloseAccount':
      if (state.status === 'pending_closure' || state.status === 'closed') return [];
      return (
        unacknowledged(accountClosure, command.acknowledgements) ?? [
          { type: 'AccountClosureRequested', data: { ...about, acknowledgements: accountClosure } },
        ]
      );
    case 'FinishClosure':
      return state.status === 'pending_closure' ? [{ type: 'AccountClosed', data: about }] : [];
    default:
      return unreachable(command, []);
  }
};
