import {
  type Acknowledgement,
  type Decider,
  type Decision,
  laterBy,
  notFound,
  type Refusal,
  refuse,
  unacknowledged,
  unreachable,
} from '#kernel';
import type { DomainEvent, Named, NotRestored, Observation, VerificationMethod } from './domain.events.ts';
import { type WatchCommand, watched } from './domain.watch.ts';

interface Kept extends Named {
  readonly method: VerificationMethod;
  readonly token: string;
  readonly addedAt: string;
  /** What the last recorded check saw that found no proof. */
  readonly missed: Pick<Observation, 'reason' | 'observed'>;
}

export type LivingDomain =
  | ({ readonly status: 'pending' } & Kept)
  | ({ readonly status: 'verified'; readonly restoring: boolean } & Kept)
  | ({
      readonly status: 'unvalidated';
      readonly unvalidatedSince: string;
      /** 0: nobody has been warned yet. */
      readonly warnedDay: number;
      readonly restoring: boolean;
    } & Kept);

export type Domain =
  | { readonly status: 'unknown' }
  | LivingDomain
  | ({ readonly status: 'expired' } & Kept)
  | ({ readonly status: 'deleted'; readonly removing: boolean } & Kept);

export type DomainCommand =
  | ({ type: 'AddDomain'; method: VerificationMethod; token: string; skeleton: string } & Named)
  | { type: 'ChangeVerificationMethod'; method: VerificationMethod }
  | { type: 'DeleteDomain'; acknowledgements?: readonly string[]; managedUsers: number }
  /** MRG-04: its organization is absorbed by another one. */
  | { type: 'DropDomain' }
  | WatchCommand
  | { type: 'NoteRemoval'; lapseId: string; remaining: number; after: string; hindered: boolean }
  | { type: 'RestoreUsers'; restorable: number }
  | { type: 'NoteRestore'; restored: number; skipped: readonly NotRestored[]; next: string | null };

/** ACK-05, AMB-12. */
export const domainDeletion = (managedUsers: number): readonly Acknowledgement[] => [
  { code: 'domain_deleted', sentence: 'This domain will be removed from the Organization.' },
  { code: 'no_new_users', sentence: 'Users of this domain can no longer be invited.' },
  {
    code: 'invitations_cancelled',
    sentence: 'Pending invitations to addresses of this domain will be cancelled.',
  },
  {
    code: 'users_stay',
    sentence: `Managed users of this domain stay in the Organization: ${managedUsers}.`,
  },
];

export const domainExpired: Refusal = refuse(
  'conflict',
  'domain_expired',
  'This domain was not proved within 30 days; add it again.',
);

/** When there is somebody who cannot be removed yet: they are becoming the Owner. */
const NEXT_TRY_MS = 300_000;

const evolve = (state: Domain, event: DomainEvent): Domain => {
  if (event.type === 'DomainAdded') {
    const { domainId, organizationId, domain, method, token, addedAt } = event.data;
    const missed = { reason: '', observed: [] };
    return { status: 'pending', domainId, organizationId, domain, method, token, addedAt, missed };
  }
  if (state.status === 'unknown') return state;
  const { domainId, organizationId, domain, method, token, addedAt, missed } = state;
  const kept = { domainId, organizationId, domain, method, token, addedAt, missed };
  const restoring = 'restoring' in state && state.restoring;
  switch (event.type) {
    case 'VerificationMethodChanged':
      return { ...state, method: event.data.method };
    case 'DomainVerified':
    case 'DomainRevalidated':
      return { status: 'verified', ...kept, restoring };
    case 'DomainRecheckFailed': {
      const { unvalidatedSince, reason, observed } = event.data;
      return {
        status: 'unvalidated',
        ...kept,
        unvalidatedSince,
        warnedDay: 0,
        restoring,
        missed: { reason, observed },
      };
    }
    case 'DomainLapseWarningSent':
      return state.status === 'unvalidated' ? { ...state, warnedDay: event.data.day } : state;
    case 'DomainVerificationFailed': {
      const { reason, observed } = event.data;
      return { ...state, missed: { reason, observed } };
    }
    case 'DomainVerificationExpired':
      return { status: 'expired', ...kept };
    case 'DomainValidationLapsed':
      return { ...state, missed: { reason: event.data.reason, observed: event.data.observed } };
    case 'DomainDeleted':
      return { status: 'deleted', ...kept, removing: event.data.reason === 'lapse' };
    case 'DomainUsersRemoved':
      return state.status === 'deleted' ? { ...state, removing: event.data.remaining > 0 } : state;
    case 'DomainUsersRestoreRequested':
      return 'restoring' in state ? { ...state, restoring: true } : state;
    case 'DomainUsersRestored':
      return 'restoring' in state ? { ...state, restoring: event.data.next !== null } : state;
    default:
      return unreachable(event, state);
  }
};

export const domain: Decider<Domain, DomainCommand, DomainEvent> = {
  category: 'domain',
  initial: { status: 'unknown' },
  evolve,
  organizationOf: (state) => (state.status === 'unknown' ? null : state.organizationId),
  decide: (command, state, { now }) => {
    if (command.type === 'AddDomain') {
      if (state.status !== 'unknown') return [];
      const { type: _type, ...added } = command;
      return [{ type: 'DomainAdded', data: { ...added, addedAt: now } }];
    }
    if (state.status === 'unknown') return notFound;
    switch (command.type) {
      case 'NoteRemoval':
      case 'RestoreUsers':
      case 'NoteRestore':
        return followedUp(command, state, now);
      case 'DeleteDomain': {
        if (state.status === 'deleted') return notFound;
        const acknowledgements = domainDeletion(command.managedUsers);
        return (
          unacknowledged(acknowledgements, command.acknowledgements) ?? [
            { type: 'DomainDeleted', data: { ...nameOf(state), reason: 'manual', acknowledgements } },
          ]
        );
      }
      case 'DropDomain':
        return state.status === 'deleted'
          ? []
          : [{ type: 'DomainDeleted', data: { ...nameOf(state), reason: 'merge', acknowledgements: [] } }];
      case 'ChangeVerificationMethod':
        if (state.status === 'deleted') return notFound;
        if (state.status === 'expired') return domainExpired;
        return command.method === state.method
          ? []
          : [
              {
                type: 'VerificationMethodChanged',
                data: { ...nameOf(state), method: command.method, previousMethod: state.method },
              },
            ];
      case 'VerifyDomain':
        if (state.status === 'deleted') return notFound;
        return state.status === 'expired' ? domainExpired : watched(command, state, now);
      default:
        return state.status === 'deleted' || state.status === 'expired' ? [] : watched(command, state, now);
    }
  },
};

const nameOf = ({ domainId, organizationId, domain: name }: Named): Named => ({
  domainId,
  organizationId,
  domain: name,
});

/** What a lapse and the proof after it lead to; each step tells how much is left, so that any process goes on from there. */
const followedUp = (
  command: Extract<DomainCommand, { type: 'NoteRemoval' | 'RestoreUsers' | 'NoteRestore' }>,
  state: Exclude<Domain, { status: 'unknown' }>,
  now: string,
): Decision<DomainEvent> => {
  const named = nameOf(state);
  switch (command.type) {
    case 'NoteRemoval': {
      if (state.status !== 'deleted' || !state.removing) return [];
      const { lapseId, remaining, after, hindered } = command;
      const nextStepAt = remaining === 0 ? null : hindered ? laterBy(now, NEXT_TRY_MS) : now;
      return [{ type: 'DomainUsersRemoved', data: { ...named, lapseId, remaining, after, nextStepAt } }];
    }
    case 'RestoreUsers': {
      if (state.status === 'deleted') return notFound;
      if (state.status === 'pending' || state.status === 'expired')
        return refuse('invalid', 'domain_unverified', `${state.domain} must be verified again first.`);
      if (state.status === 'unvalidated')
        return refuse('invalid', 'domain_unvalidated', `The proof of ${state.domain} is missing.`);
      const { restorable } = command;
      return state.restoring || restorable === 0
        ? []
        : [{ type: 'DomainUsersRestoreRequested', data: { ...named, restorable, requestedAt: now } }];
    }
    case 'NoteRestore': {
      if (!('restoring' in state) || !state.restoring) return [];
      const { restored, skipped, next } = command;
      return [{ type: 'DomainUsersRestored', data: { ...named, restored, skipped, next } }];
    }
    default:
      return unreachable(command, []);
  }
};
