import type { Acknowledgement, Event } from '#kernel';

export type VerificationMethod = 'dns_txt' | 'https_file';

/** What one check saw. Missing starts the clock of a verified domain, inconclusive never does (AMB-10). */
export interface Observation {
  readonly outcome: 'found' | 'missing' | 'inconclusive';
  readonly reason: string;
  readonly observed: readonly string[];
}

export interface Named {
  readonly domainId: string;
  readonly organizationId: string;
  readonly domain: string;
}

/** A person, or one account of theirs, that a restore could not bring back. */
export interface NotRestored {
  readonly userId: string;
  readonly accountId: string | null;
  readonly reason: string;
}

/** Everything that can happen to a domain; what daily checks see as before stands on its `domainCheck-` stream. */
export type DomainEvent =
  | Event<
      'DomainAdded',
      Named & { method: VerificationMethod; token: string; skeleton: string; addedAt: string }
    >
  | Event<
      'VerificationMethodChanged',
      Named & { method: VerificationMethod; previousMethod: VerificationMethod }
    >
  | Event<'DomainVerified', Named & { method: VerificationMethod; evidence: string; verifiedAt: string }>
  | Event<
      'DomainVerificationFailed',
      Named & {
        outcome: 'missing' | 'inconclusive';
        reason: string;
        observed: readonly string[];
        checkedAt: string;
      }
    >
  | Event<'DomainVerificationExpired', Named & { addedAt: string; expiredAt: string }>
  | Event<
      'DomainRecheckFailed',
      Named & { unvalidatedSince: string; reason: string; observed: readonly string[] }
    >
  | Event<'DomainRevalidated', Named & { unvalidatedSince: string; revalidatedAt: string }>
  | Event<
      'DomainLapseWarningSent',
      Named & { unvalidatedSince: string; day: number; deletionDueAt: string; warnedAt: string }
    >
  | Event<
      'DomainValidationLapsed',
      Named & {
        unvalidatedSince: string;
        reason: string;
        observed: readonly string[];
        /** Managed users of exactly this domain who will be removed (AMB-05). */
        affectedUsers: number;
        /** The Organization Owner, when their address is of this domain: they stay. */
        exemptOwnerId: string | null;
        lapsedAt: string;
      }
    >
  | Event<
      'DomainDeleted',
      Named & { reason: 'manual' | 'lapse' | 'merge'; acknowledgements: readonly Acknowledgement[] }
    >
  | Event<
      'DomainUsersRemoved',
      Named & {
        /** Of the `DomainValidationLapsed`. */
        lapseId: string;
        /** How many are still to be removed; 0: done. */
        remaining: number;
        /** The last person of this step, behind whom the next one begins; empty: from the beginning. */
        after: string;
        nextStepAt: string | null;
      }
    >
  | Event<'DomainUsersRestoreRequested', Named & { restorable: number; requestedAt: string }>
  | Event<
      'DomainUsersRestored',
      Named & {
        restored: number;
        skipped: readonly NotRestored[];
        /** Where the next step begins; null: done. */
        next: string | null;
      }
    >;
