import { describe, expect, it } from '@jest/globals';
import type { ListRequest, ReadModels } from '#read-models';
import type { CandidateView } from './candidates.projection.ts';
import { ImportReport } from './report.ts';

const person = (n: number): CandidateView => ({
  userId: `usr_${String(n).padStart(4, '0')}`,
  email: `p${n}@one.example`,
  domain: 'one.example',
  givenName: 'Pat',
  familyName: `Nr ${n}`,
  status: 'active',
  organizationId: null,
  role: null,
  signedUpAt: '2026-01-01T00:00:00.000Z',
});

describe('the rows of a report', () => {
  it('IMP-04: while they are walked, whoever takes any of them, others get a turn between any two pages', async () => {
    const people = Array.from({ length: 500 }, (_, n) => person(n));
    let turns = 0;
    let turnsAtLastPage = -1;
    const heldUp: number[] = [];
    const readModels = {
      reach: async () => {},
      list: async (_name: string, { after, limit }: ListRequest) => {
        if (turns === turnsAtLastPage) heldUp.push(turns);
        turnsAtLastPage = turns;
        const from = after ? people.findIndex(({ userId }) => userId === after[1]) + 1 : 0;
        const items = people.slice(from, from + limit);
        const last = items.at(-1);
        const next = last && from + limit < people.length ? [last.signedUpAt, last.userId] : null;
        return { items, next };
      },
    };
    let walking = true;
    const count = () => {
      turns += 1;
      if (walking) setImmediate(count);
    };
    setImmediate(count);
    const report = new ImportReport(readModels as unknown as ReadModels);
    const scope = { organizationId: 'org_1', domains: ['one.example'], asOfPosition: 1, selection: null };
    const rows: number[] = [];
    for await (const { row } of report.chosen(scope)) rows.push(row);
    walking = false;
    expect(rows).toEqual(people.map((_, n) => n));
    expect(heldUp).toEqual([]);
  });
});
