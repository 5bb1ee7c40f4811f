import { describe, expect, it } from '@jest/globals';
import { type CatalogueEntry, specify } from '#kernel';
import { importHistory } from './import.history.ts';
import {
  continueWithoutInforming,
  firstPlace,
  type ImportEvent,
  type Mark,
  organizationImport,
  type Place,
  type RowOutcome,
  usersInformed,
} from './import.ts';

const now = '2026-01-01T00:00:00.000Z';
const about = { importId: 'imp_1', organizationId: 'org_1' };
const domains = ['a.example', 'b.example'];
const place = (userId: string): Place => ({ domain: 0, after: [now, userId] });

const requested: ImportEvent = {
  type: 'ImportReportRequested',
  data: { ...about, domains, asOfPosition: 7, requestedBy: 'usr_1', requestedAt: now },
};
const generated: ImportEvent = {
  type: 'ImportReportGenerated',
  data: { ...about, rows: 3, csvHash: 'h', asOfPosition: 7, generatedAt: now },
};
const selected: ImportEvent = {
  type: 'ImportSelectionAccepted',
  data: { ...about, selected: 2, removed: 1, csvHash: 'u', selection: 'BQ' },
};
const notified: ImportEvent = {
  type: 'ImportUsersNotified',
  data: { ...about, people: 2, notifiedAt: now },
};
const started: ImportEvent = {
  type: 'ImportStarted',
  data: { ...about, selected: 2, acknowledgements: [usersInformed], startedAt: now, timed: true },
};
const others = (row: number, userId: string): Mark => ({ walk: 'others', row, place: place(userId) });
const progressed = (imported: number, skipped: number, mark: Mark): ImportEvent => ({
  type: 'ImportProgressed',
  data: { ...about, imported, skipped, ...mark },
});
/** Nobody who is selected owns an organization. */
const ownersDone = progressed(0, 0, { walk: 'others', row: 0, place: firstPlace });
const completed = (imported: number, skipped: number): ImportEvent => ({
  type: 'ImportCompleted',
  data: { ...about, imported, skipped, completedAt: now },
});
const imported: RowOutcome = { row: 0, userId: 'usr_2', outcome: 'imported', mergeId: null };
const merged: RowOutcome = { row: 0, userId: 'usr_2', outcome: 'imported', mergeId: 'mrg_1' };
const skipped: RowOutcome = { row: 2, userId: 'usr_3', outcome: 'skipped', reason: 'suspended' };
const record = (from: number, outcomes: readonly RowOutcome[], row: number, complete: boolean) =>
  ({
    type: 'RecordOutcomes',
    from: { walk: 'others', row: from },
    outcomes,
    mark: others(row, outcomes.at(-1)?.userId ?? ''),
    complete,
  }) as const;

const { given } = specify(organizationImport);

describe('an import', () => {
  it('IMP-03: a report is requested once, for domains at a position of the log', () => {
    const { type: _type, data } = requested as Extract<ImportEvent, { type: 'ImportReportRequested' }>;
    const { requestedAt: _at, ...asked } = data;
    given()
      .when({ type: 'RequestImportReport', ...asked })
      .then(requested);
    given(requested)
      .when({ type: 'RequestImportReport', ...asked })
      .thenNothing();
  });

  it('IMP-03: while the report is built it tells how far it is, forwards only; then it is ready, once', () => {
    given(requested)
      .when({ type: 'ExtendReport', rows: 2 })
      .then({ type: 'ImportReportExtended', data: { ...about, rows: 2 } });
    given(requested, { type: 'ImportReportExtended', data: { ...about, rows: 2 } })
      .when({ type: 'ExtendReport', rows: 1 })
      .thenNothing();
    given(requested).when({ type: 'FinishReport', rows: 3, csvHash: 'h' }).then(generated);
    given(requested, generated).when({ type: 'FinishReport', rows: 4, csvHash: 'x' }).thenNothing();
  });

  it('IMP-04: nothing is selected, told or started before the report is ready', () => {
    for (const command of [
      { type: 'SelectRows', selected: 0, selection: '', csvHash: '' },
      { type: 'NotifyImportUsers' },
      { type: 'StartImport', acknowledgements: ['usersInformed'] },
    ] as const)
      given(requested).when(command).thenRefused('import_report_not_ready');
  });

  it('IMP-08: a selection replaces the one before; the same again changes nothing', () => {
    const select = { type: 'SelectRows', selected: 2, selection: 'BQ', csvHash: 'u' } as const;
    given(requested, generated).when(select).then(selected);
    given(requested, generated, selected).when(select).thenNothing();
    given(requested, generated, started).when(select).thenRefused('import_already_started');
  });

  it('IMP-02: the people are told once, as many as are selected, and only when somebody wants it', () => {
    given(requested, generated, selected).when({ type: 'NotifyImportUsers' }).then(notified);
    given(requested, generated, selected, notified).when({ type: 'NotifyImportUsers' }).thenNothing();
    const queued: ImportEvent = { type: 'ImportNoticesQueued', data: { ...about, people: 2 } };
    given(requested, generated, selected, notified).when({ type: 'FinishNotices', people: 2 }).then(queued);
    given(requested, generated, selected).when({ type: 'FinishNotices', people: 2 }).thenNothing();
  });

  it('ACK-06: the start needs one of two acknowledgements, and says which one it was', () => {
    const refused = given(requested, generated, selected)
      .when({ type: 'StartImport' })
      .thenRefused('acknowledgements_required');
    expect(refused.members).toEqual({ required: [usersInformed, continueWithoutInforming] });
    given(requested, generated, selected)
      .when({ type: 'StartImport', acknowledgements: ['continueWithoutInforming'] })
      .then({
        type: 'ImportStarted',
        data: {
          ...about,
          selected: 2,
          acknowledgements: [continueWithoutInforming],
          startedAt: now,
          timed: true,
        },
      });
    given(requested, generated, selected, started)
      .when({ type: 'StartImport', acknowledgements: ['usersInformed'] })
      .thenRefused('import_already_started');
  });

  it('IMP-05: every row gets one outcome, told with those beside it; the last ones end the import', () => {
    const row: ImportEvent = {
      type: 'UserImported',
      data: { ...about, userId: 'usr_2', row: 0, mergeId: null, told: false },
    };
    const left: ImportEvent = {
      type: 'UserImportSkipped',
      data: { ...about, userId: 'usr_3', row: 2, reason: 'suspended' },
    };
    given(requested, generated, selected, started, ownersDone)
      .when(record(0, [imported], 1, false))
      .then(row, progressed(1, 0, others(1, 'usr_2')));
    given(requested, generated, selected, started, ownersDone, row, progressed(1, 0, others(1, 'usr_2')))
      .when(record(1, [skipped], 3, true))
      .then(left, progressed(1, 1, others(3, 'usr_3')), completed(1, 1));
  });

  it('P16: rows that somebody has told already are not told again', () => {
    const done = progressed(1, 0, others(1, 'usr_2'));
    given(requested, generated, started, done)
      .when(record(0, [imported], 1, false))
      .thenNothing();
    given(requested, generated, started, completed(2, 1))
      .when(record(1, [skipped], 3, true))
      .thenNothing();
  });

  it('MRG-07: an Owner whose organization was merged is told after the fact only if the people were notified', () => {
    const outcome = (told: boolean): ImportEvent => ({
      type: 'UserImported',
      data: { ...about, userId: 'usr_2', row: 0, mergeId: 'mrg_1', told },
    });
    given(requested, generated, started, ownersDone)
      .when(record(0, [merged], 1, false))
      .then(outcome(false), progressed(1, 0, others(1, 'usr_2')));
    given(requested, generated, notified, started, ownersDone)
      .when(record(0, [merged], 1, false))
      .then(outcome(true), progressed(1, 0, others(1, 'usr_2')));
  });

  it('IMP-10, P16: Owners come first, so that who belongs to their organizations has come along; then all others', () => {
    const mark: Mark = { walk: 'owners', row: 2, place: place('usr_2') };
    given(requested, generated, started)
      .when({ type: 'RecordOutcomes', from: { walk: 'owners', row: 0 }, outcomes: [], mark, complete: false })
      .then(progressed(0, 0, mark));
    given(requested, generated, started, progressed(0, 0, mark), ownersDone)
      .when({ type: 'RecordOutcomes', from: { walk: 'owners', row: 2 }, outcomes: [], mark, complete: false })
      .thenNothing();
  });

  it('IMP-08: an import of nobody is over at once', () => {
    const nobody: ImportEvent = {
      type: 'ImportSelectionAccepted',
      data: { ...about, selected: 0, removed: 3, csvHash: 'u', selection: '' },
    };
    given(requested, generated, nobody)
      .when({ type: 'StartImport', acknowledgements: ['usersInformed'] })
      .then(
        {
          type: 'ImportStarted',
          data: { ...about, selected: 0, acknowledgements: [usersInformed], startedAt: now, timed: true },
        },
        completed(0, 0),
      );
  });

  it('P19: an import that an older release had begun goes on in the order of the report', () => {
    const old = { ...about, imported: 1, skipped: 0, row: 1, place: place('usr_2') };
    const { version, upcast = [] }: CatalogueEntry = importHistory.ImportProgressed;
    expect([version, upcast.length]).toEqual([2, 1]);
    const data = upcast.reduce((before, raise) => raise(before), old as Readonly<Record<string, unknown>>);
    const state = given(requested, generated, started, {
      type: 'ImportProgressed',
      data,
    } as unknown as ImportEvent).state();
    expect(state).toMatchObject({ walk: 'everybody', row: 1, imported: 1 });
  });

  it('P19: rows of an import that an older release had started are found by the ids of then', () => {
    const old = { ...about, selected: 2, acknowledgements: [usersInformed], startedAt: now };
    const { version, upcast = [] }: CatalogueEntry = importHistory.ImportStarted;
    expect([version, upcast.length]).toEqual([2, 1]);
    const data = upcast.reduce((before, raise) => raise(before), old as Readonly<Record<string, unknown>>);
    const raised = { type: 'ImportStarted', data } as unknown as ImportEvent;
    expect(given(requested, generated, raised).state()).toMatchObject({ status: 'running', timed: false });
    expect(given(requested, generated, started).state()).toMatchObject({ status: 'running', timed: true });
  });

  it('what was never requested is not there', () => {
    given().when({ type: 'NotifyImportUsers' }).thenRefused('not_found');
    expect(given(requested, generated, started).state()).toMatchObject({
      walk: 'owners',
      row: 0,
      place: firstPlace,
    });
  });
});
