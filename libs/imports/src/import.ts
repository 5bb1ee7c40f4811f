import {
  type Acknowledgement,
  type Decider,
  type Event,
  notFound,
  type Refusal,
  refuse,
  unacknowledged,
  unreachable,
} from '#kernel';

/** Where a walk over a report stands: which domain, and after whom in it. */
export interface Place {
  readonly domain: number;
  readonly after: readonly [signedUpAt: string, userId: string] | null;
}

/**
 * Whose rows are done: first those who own an organization, then all others, so that whoever belongs to an organization
 * that is merged has come along whichever row is theirs. `everybody`: in the order of the report, as it once was.
 */
export type Walk = 'owners' | 'others' | 'everybody';

/** How far the rows are done. */
export interface Mark {
  readonly walk: Walk;
  /** The first row of this walk that has neither an outcome nor been left out. */
  readonly row: number;
  /** Where the walk over the report goes on. */
  readonly place: Place;
}

interface About {
  readonly importId: string;
  readonly organizationId: string;
}

interface Progress extends Mark {
  readonly imported: number;
  readonly skipped: number;
}

export type SkipReason =
  | 'already_member'
  | 'member_of_other_organization'
  | 'owner_of_other_organization_with_domains'
  | 'organization_merging'
  | 'suspended'
  | 'deleted_since_report'
  | 'address_changed'
  | 'sign_up_unfinished'
  | 'limit_reached'
  | 'domain_unvalidated';

/** What became of one row of the report. */
export type RowOutcome = { readonly row: number; readonly userId: string } & (
  | { readonly outcome: 'imported'; readonly mergeId: string | null }
  | { readonly outcome: 'skipped'; readonly reason: SkipReason }
);

export type ImportEvent =
  | Event<
      'ImportReportRequested',
      About & {
        domains: readonly string[];
        asOfPosition: number;
        requestedBy: string;
        requestedAt: string;
      }
    >
  | Event<'ImportReportExtended', About & { rows: number }>
  | Event<
      'ImportReportGenerated',
      About & { rows: number; csvHash: string; asOfPosition: number; generatedAt: string }
    >
  | Event<
      'ImportSelectionAccepted',
      About & { selected: number; removed: number; csvHash: string; selection: string }
    >
  | Event<'ImportUsersNotified', About & { people: number; notifiedAt: string }>
  | Event<'ImportNoticesQueued', About & { people: number }>
  | Event<
      'ImportStarted',
      About & {
        selected: number;
        acknowledgements: readonly Acknowledgement[];
        startedAt: string;
        /** Ids of what is done for a row tell the person's time. */
        timed: boolean;
      }
    >
  | Event<
      'UserImported',
      About & {
        userId: string;
        row: number;
        /** The merge that brought the Owner of another organization (IMP-10). */
        mergeId: string | null;
        /** MRG-07: whether they are told after the fact. */
        told: boolean;
      }
    >
  | Event<'UserImportSkipped', About & { userId: string; row: number; reason: SkipReason }>
  | Event<'ImportProgressed', About & Progress>
  | Event<'ImportCompleted', About & { imported: number; skipped: number; completedAt: string }>;

interface Requested extends About {
  readonly domains: readonly string[];
  readonly asOfPosition: number;
  readonly requestedBy: string;
  /** Rows of the report, as far as it is built. */
  readonly rows: number;
}

interface Reported extends Requested {
  readonly selected: number;
  /** One bit for every row, base64url; null: all of them. */
  readonly selection: string | null;
  readonly csvHash: string;
  /** `asked`: the people are still being written to. */
  readonly notices: 'none' | 'asked' | 'queued';
}

export type Import =
  | { readonly status: 'unknown' }
  | ({ readonly status: 'reporting' } & Requested)
  | ({ readonly status: 'ready' } & Reported)
  | ({ readonly status: 'running'; readonly timed: boolean } & Reported & Progress)
  | ({ readonly status: 'completed' } & Reported & Progress);

export type ImportCommand =
  | ({
      type: 'RequestImportReport';
      domains: readonly string[];
      asOfPosition: number;
      requestedBy: string;
    } & About)
  | { type: 'ExtendReport'; rows: number }
  | { type: 'FinishReport'; rows: number; csvHash: string }
  | { type: 'SelectRows'; selected: number; selection: string; csvHash: string }
  | { type: 'NotifyImportUsers' }
  | { type: 'FinishNotices'; people: number }
  | { type: 'StartImport'; acknowledgements?: readonly string[] }
  | {
      type: 'RecordOutcomes';
      from: Pick<Mark, 'walk' | 'row'>;
      outcomes: readonly RowOutcome[];
      mark: Mark;
      complete: boolean;
    };

/** ACK-06: the panel that urges to tell the people first must be passed, one way or the other. */
export const usersInformed: Acknowledgement = {
  code: 'usersInformed',
  sentence: 'I have informed the users that the Organization will manage them and their accounts.',
};
export const continueWithoutInforming: Acknowledgement = {
  code: 'continueWithoutInforming',
  sentence: 'I continue without informing the users.',
};
const ways = [usersInformed, continueWithoutInforming];

export const firstPlace: Place = { domain: 0, after: null };
export const atTheStartOf = (walk: Walk): Mark => ({ walk, row: 0, place: firstPlace });

const evolve = (state: Import, event: ImportEvent): Import => {
  if (event.type === 'ImportReportRequested') {
    const { importId, organizationId, domains, asOfPosition, requestedBy } = event.data;
    const about = { importId, organizationId, domains, asOfPosition, requestedBy };
    return { status: 'reporting', ...about, rows: 0 };
  }
  if (state.status === 'unknown') return state;
  switch (event.type) {
    case 'ImportReportExtended':
      return state.status === 'reporting' ? { ...state, rows: event.data.rows } : state;
    case 'ImportReportGenerated': {
      const { rows, csvHash } = event.data;
      return { ...state, status: 'ready', rows, csvHash, selected: rows, selection: null, notices: 'none' };
    }
    case 'ImportSelectionAccepted': {
      const { selected, selection } = event.data;
      return state.status === 'ready' ? { ...state, selected, selection } : state;
    }
    case 'ImportUsersNotified':
      return state.status === 'reporting' ? state : { ...state, notices: 'asked' };
    case 'ImportNoticesQueued':
      return state.status === 'reporting' ? state : { ...state, notices: 'queued' };
    case 'ImportStarted':
      return state.status === 'ready'
        ? {
            ...state,
            status: 'running',
            timed: event.data.timed,
            imported: 0,
            skipped: 0,
            ...atTheStartOf('owners'),
          }
        : state;
    case 'UserImported':
    case 'UserImportSkipped':
      return state;
    case 'ImportProgressed': {
      const { imported, skipped, walk, row, place } = event.data;
      return state.status === 'running' ? { ...state, imported, skipped, walk, row, place } : state;
    }
    case 'ImportCompleted':
      return state.status === 'running' ? { ...state, status: 'completed' } : state;
    default:
      return unreachable(event, state);
  }
};

export const organizationImport: Decider<Import, ImportCommand, ImportEvent> = {
  category: 'import',
  initial: { status: 'unknown' },
  evolve,
  organizationOf: (state) => (state.status === 'unknown' ? null : state.organizationId),
  decide: (command, state, { now }) => {
    if (command.type === 'RequestImportReport') {
      if (state.status !== 'unknown') return [];
      const { type: _type, ...requested } = command;
      return [{ type: 'ImportReportRequested', data: { ...requested, requestedAt: now } }];
    }
    if (state.status === 'unknown') return notFound;
    const { importId, organizationId } = state;
    const about: About = { importId, organizationId };
    switch (command.type) {
      case 'ExtendReport':
        return state.status === 'reporting' && command.rows > state.rows
          ? [{ type: 'ImportReportExtended', data: { ...about, rows: command.rows } }]
          : [];
      case 'FinishReport': {
        if (state.status !== 'reporting') return [];
        const { rows, csvHash } = command;
        const { asOfPosition } = state;
        const generated = { ...about, rows, csvHash, asOfPosition, generatedAt: now };
        return [{ type: 'ImportReportGenerated', data: generated }];
      }
      case 'SelectRows': {
        if (state.status !== 'ready') return notSelectable(state);
        const { selected, selection, csvHash } = command;
        if (selection === state.selection) return [];
        const removed = state.rows - selected;
        return [
          { type: 'ImportSelectionAccepted', data: { ...about, selected, removed, csvHash, selection } },
        ];
      }
      case 'NotifyImportUsers': {
        if (state.status !== 'ready') return notSelectable(state);
        if (state.notices !== 'none') return [];
        return [{ type: 'ImportUsersNotified', data: { ...about, people: state.selected, notifiedAt: now } }];
      }
      case 'FinishNotices':
        return state.status !== 'reporting' && state.notices === 'asked'
          ? [{ type: 'ImportNoticesQueued', data: { ...about, people: command.people } }]
          : [];
      case 'StartImport': {
        if (state.status === 'running' || state.status === 'completed') return alreadyStarted;
        if (state.status !== 'ready') return notReady;
        const acknowledgements = ways.filter(({ code }) => command.acknowledgements?.includes(code));
        if (acknowledgements.length === 0) return unacknowledged(ways, []) as Refusal;
        const { selected } = state;
        return [
          {
            type: 'ImportStarted',
            data: { ...about, selected, acknowledgements, startedAt: now, timed: true },
          },
          ...(selected === 0 ? [completed(about, 0, 0, now)] : []),
        ];
      }
      case 'RecordOutcomes': {
        const { from, outcomes, mark, complete } = command;
        // Somebody else did these rows already.
        if (state.status !== 'running' || state.walk !== from.walk || state.row !== from.row) return [];
        const events = outcomes.map((outcome) => outcomeOf(about, outcome, state.notices !== 'none'));
        const here = events.filter(({ type }) => type === 'UserImported').length;
        const imported = state.imported + here;
        const skipped = state.skipped + outcomes.length - here;
        events.push({ type: 'ImportProgressed', data: { ...about, imported, skipped, ...mark } });
        return complete ? [...events, completed(about, imported, skipped, now)] : events;
      }
      default:
        return unreachable(command, []);
    }
  },
};

const outcomeOf = (about: About, outcome: RowOutcome, notified: boolean): ImportEvent => {
  const { userId, row } = outcome;
  return outcome.outcome === 'imported'
    ? {
        type: 'UserImported',
        data: {
          ...about,
          userId,
          row,
          mergeId: outcome.mergeId,
          told: notified && outcome.mergeId !== null,
        },
      }
    : { type: 'UserImportSkipped', data: { ...about, userId, row, reason: outcome.reason } };
};

const completed = (about: About, imported: number, skipped: number, now: string): ImportEvent => ({
  type: 'ImportCompleted',
  data: { ...about, imported, skipped, completedAt: now },
});

export const notReady = refuse(
  'conflict',
  'import_report_not_ready',
  'The report of this import is still built.',
);
const alreadyStarted = refuse('conflict', 'import_already_started', 'This import has been started already.');

const notSelectable = ({ status }: Import): Refusal => (status === 'reporting' ? notReady : alreadyStarted);
