import {
  type AssignableRole,
  type Decider,
  type Event,
  notFound,
  type OrganizationRole,
  type Refusal,
  refuse,
  unreachable,
} from '#kernel';

/** MRG-01: `organizationId` is the Prime, which absorbs the Candidate. */
interface About {
  readonly mergeId: string;
  readonly organizationId: string;
  readonly candidateOrganizationId: string;
}

export interface PlannedUser {
  readonly userId: string;
  readonly role: OrganizationRole;
}

/** How many of the planned ones are through. */
export interface Progress {
  readonly users: number;
  readonly accounts: number;
}

/** One person or account of the plan; `moved` is false where it had left the Candidate before. */
export interface Step {
  readonly id: string;
  readonly moved: boolean;
}

export type MergeFailure =
  | 'candidate_not_open'
  | 'candidate_has_verified_domains'
  | 'candidate_owner_changed'
  | 'organization_merging'
  | 'user_limit_reached'
  | 'account_limit_reached'
  | 'domain_unverified'
  | 'domain_unvalidated';

export type Withdrawal = 'declined' | 'cancelled' | 'expired' | 'reverted';

export type MergeEvent =
  | Event<
      'MergeRequested',
      About & {
        candidateOwnerId: string;
        role: AssignableRole;
        invitationId: string;
        requestedBy: string;
        requestedAt: string;
      }
    >
  | Event<'MergeWithdrawn', About & { reason: Withdrawal }>
  | Event<
      'MergeStarted',
      About & {
        candidateOwnerId: string;
        role: AssignableRole;
        via: 'invitation' | 'import';
        importId: string | null;
        invitationId: string | null;
        startedAt: string;
      }
    >
  | Event<
      'MergePlanned',
      About & { users: readonly PlannedUser[]; accounts: readonly string[]; complete: boolean }
    >
  | Event<
      'MergeUserMoved',
      About & { userId: string; role: OrganizationRole; previousRole: OrganizationRole }
    >
  | Event<'MergeAccountMoved', About & { accountId: string }>
  | Event<'MergeProgressed', About & { via: Begun['via']; done: Progress }>
  | Event<'MergeCompleted', About & { users: number; accounts: number; completedAt: string }>
  | Event<'MergeFailed', About & { invitationId: string | null; reason: MergeFailure; failedAt: string }>;

interface Offered extends About {
  readonly candidateOwnerId: string;
  readonly role: AssignableRole;
}

interface Begun extends Offered {
  readonly via: 'invitation' | 'import';
  readonly importId: string | null;
  readonly invitationId: string | null;
  readonly users: readonly PlannedUser[];
  readonly accounts: readonly string[];
  /** From here on there is only forward; whoever and whatever comes in late is added to the plan. */
  readonly planned: boolean;
  readonly done: Progress;
  readonly moved: Progress;
}

export type Merge =
  | { readonly status: 'unknown' }
  | ({ readonly status: 'requested' } & Offered)
  | ({ readonly status: 'withdrawn' } & Offered)
  | ({ readonly status: 'running' } & Begun)
  | ({ readonly status: 'completed' } & Begun)
  | ({ readonly status: 'failed'; readonly failure: MergeFailure } & Begun);

export type MergeCommand =
  | ({ type: 'RequestMerge'; invitationId: string; requestedBy: string } & Offered)
  | { type: 'WithdrawMerge'; reason: Withdrawal }
  | ({
      type: 'StartMerge';
      via: 'invitation' | 'import';
      importId: string | null;
      invitationId: string | null;
    } & Offered)
  | {
      type: 'PlanMerge';
      from: Progress;
      users: readonly PlannedUser[];
      accounts: readonly string[];
      complete: boolean;
    }
  | { type: 'RecordMoves'; from: Progress; users: readonly Step[]; accounts: readonly Step[] }
  | { type: 'FailMerge'; reason: MergeFailure };

const nothing: Progress = { users: 0, accounts: 0 };

/** MRG-05, MRG-07: who manages becomes a Standard User; only an invited Owner gets what the invitation says. */
export const roleAfter = (
  { via, role: invitedAs, candidateOwnerId }: Pick<Begun, 'via' | 'role' | 'candidateOwnerId'>,
  userId: string,
): AssignableRole => (via === 'invitation' && userId === candidateOwnerId ? invitedAs : 'standard_user');

export const isOver = ({ status }: Merge): boolean =>
  status === 'completed' || status === 'failed' || status === 'withdrawn';

/** Everybody and everything of the plan is through. */
export const isThrough = ({ planned, users, accounts, done }: Begun): boolean =>
  planned && done.users === users.length && done.accounts === accounts.length;

const evolve = (state: Merge, event: MergeEvent): Merge => {
  const { mergeId, organizationId, candidateOrganizationId } = event.data;
  const about: About = { mergeId, organizationId, candidateOrganizationId };
  if (event.type === 'MergeRequested') {
    const { candidateOwnerId, role } = event.data;
    return { status: 'requested', ...about, candidateOwnerId, role };
  }
  if (event.type === 'MergeStarted') {
    const { candidateOwnerId, role, via, importId, invitationId } = event.data;
    const begun = {
      via,
      importId,
      invitationId,
      users: [],
      accounts: [],
      planned: false,
      done: nothing,
      moved: nothing,
    };
    return { status: 'running', ...about, candidateOwnerId, role, ...begun };
  }
  if (event.type === 'MergeWithdrawn')
    return state.status === 'requested' ? { ...state, status: 'withdrawn' } : state;
  if (state.status !== 'running') return state;
  switch (event.type) {
    case 'MergePlanned':
      return {
        ...state,
        users: [...state.users, ...event.data.users],
        accounts: [...state.accounts, ...event.data.accounts],
        planned: state.planned || event.data.complete,
      };
    case 'MergeUserMoved':
      return { ...state, moved: { ...state.moved, users: state.moved.users + 1 } };
    case 'MergeAccountMoved':
      return { ...state, moved: { ...state.moved, accounts: state.moved.accounts + 1 } };
    case 'MergeProgressed':
      return { ...state, done: event.data.done };
    case 'MergeCompleted':
      return { ...state, status: 'completed' };
    case 'MergeFailed':
      return { ...state, status: 'failed', failure: event.data.reason };
    default:
      return unreachable(event, state);
  }
};

export const merge: Decider<Merge, MergeCommand, MergeEvent> = {
  category: 'merge',
  initial: { status: 'unknown' },
  evolve,
  organizationOf: (state) => (state.status === 'unknown' ? null : state.organizationId),
  decide: (command, state, { now }) => {
    if (command.type === 'RequestMerge') {
      if (state.status !== 'unknown' && state.status !== 'withdrawn') return [];
      const { type: _type, ...requested } = command;
      return [{ type: 'MergeRequested', data: { ...requested, requestedAt: now } }];
    }
    if (command.type === 'StartMerge') {
      if (state.status === 'running') return [];
      if (state.status !== 'unknown' && state.status !== 'requested') return mergeOver;
      const { type: _type, ...started } = command;
      return [{ type: 'MergeStarted', data: { ...started, startedAt: now } }];
    }
    if (state.status === 'unknown') return notFound;
    const { mergeId, organizationId, candidateOrganizationId } = state;
    const about: About = { mergeId, organizationId, candidateOrganizationId };
    if (command.type === 'WithdrawMerge')
      return state.status === 'requested'
        ? [{ type: 'MergeWithdrawn', data: { ...about, reason: command.reason } }]
        : [];
    if (state.status !== 'running') return [];
    switch (command.type) {
      case 'PlanMerge': {
        const { from, users, accounts, complete } = command;
        // Somebody else has planned this part already.
        if (!isAt(from, { users: state.users.length, accounts: state.accounts.length })) return [];
        if (state.planned && users.length + accounts.length === 0) return [];
        return [{ type: 'MergePlanned', data: { ...about, users, accounts, complete } }];
      }
      case 'RecordMoves':
        return isAt(command.from, state.done) ? recorded(command, state, about, now) : [];
      case 'FailMerge':
        // After the first move there is no way back (rules.md 2.7).
        return state.planned
          ? []
          : [
              {
                type: 'MergeFailed',
                data: { ...about, invitationId: state.invitationId, reason: command.reason, failedAt: now },
              },
            ];
      default:
        return unreachable(command, []);
    }
  },
};

const isAt = (from: Progress, { users, accounts }: Progress): boolean =>
  from.users === users && from.accounts === accounts;

const recorded = (
  { from, users, accounts }: Extract<MergeCommand, { type: 'RecordMoves' }>,
  state: Extract<Merge, { status: 'running' }>,
  about: About,
  now: string,
): readonly MergeEvent[] => {
  const roles = new Map(state.users.map(({ userId, role }) => [userId, role]));
  const moves: MergeEvent[] = [
    ...users
      .filter(({ moved }) => moved)
      .map(({ id }): MergeEvent => {
        const previousRole = roles.get(id) ?? 'standard_user';
        const role = roleAfter(state, id);
        return { type: 'MergeUserMoved', data: { ...about, userId: id, role, previousRole } };
      }),
    ...accounts
      .filter(({ moved }) => moved)
      .map(({ id }): MergeEvent => ({ type: 'MergeAccountMoved', data: { ...about, accountId: id } })),
  ];
  const done = { users: from.users + users.length, accounts: from.accounts + accounts.length };
  const after = moves.reduce(evolve, state) as typeof state;
  const progressed: MergeEvent = { type: 'MergeProgressed', data: { ...about, via: state.via, done } };
  return isThrough({ ...after, done })
    ? [...moves, { type: 'MergeCompleted', data: { ...about, ...after.moved, completedAt: now } }]
    : [...moves, progressed];
};

const mergeOver: Refusal = refuse(
  'conflict',
  'merge_over',
  'This merge is over, or its offer was withdrawn.',
);
