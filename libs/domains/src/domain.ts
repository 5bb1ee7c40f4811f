import {
  type Acknowledgement,
  type Decider,
  type Event,
  notFound,
  unacknowledged,
  unreachable,
} from '#kernel';

export type VerificationMethod = 'dns_txt' | 'https_file';

/** What one check saw. Missing starts the clock of a verified domain, inconclusive never does (AMB-10). */
export interface Observation {
  readonly outcome: 'found' | 'missing' | 'inconclusive';
  readonly reason: string;
  readonly observed: readonly string[];
}

interface Named {
  readonly domainId: string;
  readonly organizationId: string;
  readonly domain: string;
}

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
  | Event<
      'DomainRecheckFailed',
      Named & { unvalidatedSince: string; reason: string; observed: readonly string[] }
    >
  | Event<'DomainRevalidated', Named & { unvalidatedSince: string; revalidatedAt: string }>
  | Event<
      'DomainDeleted',
      Named & { reason: 'manual' | 'lapse'; acknowledgements: readonly Acknowledgement[] }
    >;

interface Kept extends Named {
  readonly method: VerificationMethod;
  readonly token: string;
  /** What the last recorded check saw that found no proof. */
  readonly missed: Pick<Observation, 'reason' | 'observed'>;
}

const nothing: Kept['missed'] = { reason: '', observed: [] };

export type Domain =
  | { readonly status: 'unknown' }
  | ({ readonly status: 'pending' | 'verified' } & Kept)
  | ({ readonly status: 'deleted' } & Kept)
  | ({ readonly status: 'unvalidated'; readonly unvalidatedSince: string } & Kept);

export type DomainCommand =
  | ({ type: 'AddDomain'; method: VerificationMethod; token: string; skeleton: string } & Named)
  | { type: 'ChangeVerificationMethod'; method: VerificationMethod }
  | { type: 'VerifyDomain'; observation: Observation }
  | { type: 'DeleteDomain'; acknowledgements?: readonly string[] };

/** ACK-05. */
export const domainDeletion: readonly Acknowledgement[] = [
  { code: 'domain_deleted', sentence: 'This domain will be removed from the Organization.' },
  { code: 'no_new_users', sentence: 'Users of this domain can no longer be invited.' },
  {
    code: 'invitations_cancelled',
    sentence: 'Pending invitations to addresses of this domain will be cancelled.',
  },
  { code: 'users_stay', sentence: 'Managed users of this domain stay in the Organization.' },
];

const evolve = (state: Domain, event: DomainEvent): Domain => {
  if (event.type === 'DomainAdded') {
    const { domainId, organizationId, domain, method, token } = event.data;
    return { status: 'pending', domainId, organizationId, domain, method, token, missed: nothing };
  }
  if (state.status === 'unknown') return state;
  const { domainId, organizationId, domain, method, token, missed } = state;
  const kept = { domainId, organizationId, domain, method, token, missed };
  switch (event.type) {
    case 'VerificationMethodChanged':
      return { ...state, method: event.data.method };
    case 'DomainVerified':
    case 'DomainRevalidated':
      return { status: 'verified', ...kept };
    case 'DomainRecheckFailed': {
      const { unvalidatedSince, reason, observed } = event.data;
      return { status: 'unvalidated', ...kept, unvalidatedSince, missed: { reason, observed } };
    }
    case 'DomainDeleted':
      return { status: 'deleted', ...kept };
    case 'DomainVerificationFailed': {
      const { reason, observed } = event.data;
      return { ...state, missed: { reason, observed } };
    }
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
    if (state.status === 'unknown' || state.status === 'deleted') return notFound;
    const named: Named = {
      domainId: state.domainId,
      organizationId: state.organizationId,
      domain: state.domain,
    };
    switch (command.type) {
      case 'ChangeVerificationMethod':
        if (command.method === state.method) return [];
        return [
          {
            type: 'VerificationMethodChanged',
            data: { ...named, method: command.method, previousMethod: state.method },
          },
        ];
      case 'VerifyDomain':
        return checked(state, named, command.observation, now);
      case 'DeleteDomain':
        return (
          unacknowledged(domainDeletion, command.acknowledgements) ?? [
            { type: 'DomainDeleted', data: { ...named, reason: 'manual', acknowledgements: domainDeletion } },
          ]
        );
      default:
        return unreachable(command, []);
    }
  },
};

/** DOM-10…DOM-13: what a check means depends on whether ownership was proved before. */
const checked = (
  state: Exclude<Domain, { status: 'unknown' | 'deleted' }>,
  named: Named,
  { outcome, reason, observed }: Observation,
  now: string,
): readonly DomainEvent[] => {
  switch (state.status) {
    case 'pending':
      return outcome === 'found'
        ? [
            {
              type: 'DomainVerified',
              data: { ...named, method: state.method, evidence: observed[0] ?? reason, verifiedAt: now },
            },
          ]
        : [
            {
              type: 'DomainVerificationFailed',
              data: { ...named, outcome, reason, observed, checkedAt: now },
            },
          ];
    case 'verified':
      return outcome === 'missing'
        ? [{ type: 'DomainRecheckFailed', data: { ...named, unvalidatedSince: now, reason, observed } }]
        : [];
    case 'unvalidated':
      return outcome === 'found'
        ? [
            {
              type: 'DomainRevalidated',
              data: { ...named, unvalidatedSince: state.unvalidatedSince, revalidatedAt: now },
            },
          ]
        : [];
    default:
      return unreachable(state, []);
  }
};
