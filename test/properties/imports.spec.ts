import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isRefusal } from '#kernel';
import {
  atTheStartOf,
  type Import,
  type ImportCommand,
  type ImportEvent,
  type Mark,
  organizationImport,
  type RowOutcome,
} from '../../libs/imports/src/import.ts';

const RUNS = process.env.ORGLEDGER_LONG === '1' ? 20_000 : 400;
const context = { now: '2026-03-01T00:00:00.000Z', actor: { type: 'system', id: 'system' } } as const;

/** Which rows of a report are selected, how they end, and how many are told at a time, by whom and how often. */
const plans = fc.record({
  rows: fc.array(fc.record({ selected: fc.boolean(), imported: fc.boolean() }), { maxLength: 30 }),
  parts: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 10 }),
  /** A worker that comes too late tells this part again. */
  again: fc.array(fc.boolean(), { minLength: 1, maxLength: 10 }),
  notified: fc.boolean(),
});

interface Told {
  readonly state: Import;
  readonly events: readonly ImportEvent[];
}

const next = ({ state, events }: Told, command: ImportCommand): Told => {
  const decided = organizationImport.decide(command, state, context);
  if (isRefusal(decided)) throw new Error(decided.code);
  return { state: decided.reduce(organizationImport.evolve, state), events: [...events, ...decided] };
};

describe('imports of every shape', () => {
  it('rules.md 2.10 (10): imported and skipped are together the selected rows, each told once, however often it is told', () => {
    fc.assert(
      fc.property(plans, ({ rows, parts, again, notified }) => {
        const chosen = rows.flatMap(({ selected, imported }, row): RowOutcome[] => {
          if (!selected) return [];
          const userId = `usr_${row}`;
          return [
            imported
              ? { row, userId, outcome: 'imported', mergeId: null }
              : { row, userId, outcome: 'skipped', reason: 'suspended' },
          ];
        });
        const about = { importId: 'imp_1', organizationId: 'org_1' };
        const prepared: ImportCommand[] = [
          {
            type: 'RequestImportReport',
            ...about,
            domains: ['a.example'],
            asOfPosition: 1,
            requestedBy: 'usr_0',
          },
          { type: 'FinishReport', rows: rows.length, csvHash: 'h' },
          { type: 'SelectRows', selected: chosen.length, selection: 's', csvHash: 'u' },
          ...(notified ? [{ type: 'NotifyImportUsers' } as const] : []),
          { type: 'StartImport', acknowledgements: ['usersInformed'] },
        ];
        let told = prepared.reduce(next, { state: organizationImport.initial, events: [] });
        let from: Mark = atTheStartOf('owners');
        for (let n = 0, left = chosen; left.length > 0; n += 1) {
          const size = parts[n % parts.length] as number;
          const outcomes = left.slice(0, size);
          left = left.slice(size);
          const row = (outcomes.at(-1) as RowOutcome).row + 1;
          const complete = left.length === 0;
          // The walk over Owners ends somewhere; where it does is no matter here.
          const mark: Mark = { ...atTheStartOf(n === 0 ? 'owners' : 'others'), row };
          const part: ImportCommand = { type: 'RecordOutcomes', from, outcomes, mark, complete };
          told = next(told, part);
          if (again[n % again.length]) told = next(told, part);
          from = mark;
        }
        expect(told.state).toMatchObject({
          status: 'completed',
          selected: chosen.length,
          imported: chosen.filter(({ outcome }) => outcome === 'imported').length,
          skipped: chosen.filter(({ outcome }) => outcome === 'skipped').length,
        });
        const ends = told.events.filter(({ type }) => type === 'ImportCompleted');
        expect(ends).toHaveLength(1);
        const perRow = told.events.flatMap((event) =>
          event.type === 'UserImported' || event.type === 'UserImportSkipped' ? [event.data.row] : [],
        );
        expect(perRow).toEqual(chosen.map(({ row }) => row));
      }),
      { numRuns: RUNS },
    );
  });
});
