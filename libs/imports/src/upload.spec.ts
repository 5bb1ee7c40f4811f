import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { csvOf } from '#csv';
import { isRefusal } from '#kernel';
import type { CandidateView } from './candidates.projection.ts';
import { SelectImportRows } from './import.commands.ts';
import { firstPlace } from './import.ts';
import { cellsOf, columns, type ReportPage } from './report.ts';
import { Selection } from './selection.ts';
import { readUpload, selectionOf } from './upload.ts';

const id = (n: number): string => `usr_${n.toString(16).padStart(32, '0')}`;
const person = (n: number, more: Partial<CandidateView> = {}): CandidateView => ({
  userId: id(n),
  email: `p${n}@a.example`,
  domain: 'a.example',
  givenName: 'Ann',
  familyName: 'Ö, "X"',
  status: 'active',
  organizationId: null,
  role: null,
  signedUpAt: `2026-01-01T00:00:00.${String(n % 1_000).padStart(3, '0')}Z`,
  ...more,
});

async function* paged(people: readonly CandidateView[]): AsyncGenerator<ReportPage> {
  for (let at = 0; at < people.length; at += 3) yield { people: people.slice(at, at + 3), place: firstPlace };
}
const fileOf = (people: readonly CandidateView[]): string => csvOf([columns, ...people.map(cellsOf)]);
const read = async (people: readonly CandidateView[], file: string | Buffer) =>
  selectionOf(await readUpload([Buffer.from(file as string)]), paged(people));
const faultOf = async (people: readonly CandidateView[], file: string) => {
  const answer = await read(people, file);
  return isRefusal(answer) ? answer.members : answer;
};

const five = [0, 1, 2, 3, 4].map((n) => person(n));
const lines = (people: readonly CandidateView[]): string[] => fileOf(people).split('\r\n');

describe('the selection of an import', () => {
  it('IMP-08: is the report with rows removed', async () => {
    const answer = await read(five, fileOf([five[0], five[3]] as CandidateView[]));
    expect(isRefusal(answer)).toBe(false);
    if (isRefusal(answer)) return;
    expect(answer.selected).toBe(2);
    const again = Selection.read(answer.selection.text);
    expect(five.map((_, row) => again.has(row))).toEqual([true, false, false, true, false]);
  });

  it.each([
    [
      'a row is added',
      (rows: string[]) => [...rows.slice(0, 3), csvOf([cellsOf(person(9))]).trim(), ...rows.slice(3)],
      { line: 4, reason: 'row_added' },
    ],
    [
      'a row stands twice',
      (rows: string[]) => [...rows.slice(0, 3), rows[2], ...rows.slice(3)],
      { line: 4, reason: 'row_repeated' },
    ],
    [
      'an address is another',
      (rows: string[]) => rows.map((row) => row.replace('p2@', 'x2@')),
      { line: 4, reason: 'cell_changed', column: 'email' },
    ],
    [
      'a blank is added',
      (rows: string[]) => rows.map((row) => row.replace('p1@a.example', 'p1@a.example ')),
      { line: 3, reason: 'cell_changed', column: 'email' },
    ],
    [
      'a column is missing',
      (rows: string[]) => rows.map((row) => row.split(',').slice(0, -1).join(',')),
      { line: 1, reason: 'columns_changed' },
    ],
    [
      'a row is short',
      (rows: string[]) => rows.map((row, n) => (n === 5 ? row.slice(0, row.lastIndexOf(',')) : row)),
      { line: 6, reason: 'number_of_cells' },
    ],
    [
      'the delimiter is another',
      (rows: string[]) => rows.map((row) => row.replaceAll(',', ';')),
      { line: 1, reason: 'delimiter_changed' },
    ],
    [
      'the columns change places',
      (rows: string[]) => rows.map((row) => row.replace(/^([^,]*),([^,]*)/, '$2,$1')),
      { line: 1, reason: 'columns_changed' },
    ],
    [
      'a quote never closes',
      (rows: string[]) => [...rows.slice(0, 2), `"${rows[2]}`],
      { line: 3, reason: 'csv_invalid_closing_quote' },
    ],
    ['it is empty', () => [], { line: 1, reason: 'header_missing' }],
  ] as [string, (rows: string[]) => string[], object][])(
    'IMP-08: %s: refused with the line and the reason',
    async (_what, change, fault) => {
      const answer = await faultOf(five, change(lines(five)).join('\r\n'));
      expect(answer).toEqual(fault);
    },
  );

  it('IMP-08: finds its rows among thousands, in any order', async () => {
    const many = Array.from({ length: 3_000 }, (_, n) => person(n));
    const kept = many.filter((_, n) => n % 3 === 0).toReversed();
    const answer = await read(many, fileOf(kept));
    if (isRefusal(answer)) throw new Error(answer.code);
    const selection = Selection.read(answer.selection.text);
    expect(many.every((_, n) => selection.has(n) === (n % 3 === 0))).toBe(true);
    expect(answer.selected).toBe(1_000);
    expect(await faultOf(many.slice(0, 2_999), fileOf(many))).toEqual({ line: 3_001, reason: 'row_added' });
  });

  it('IMP-08: a file that is refused early is read to its end, and its digest is of all of it', async () => {
    const pieces = ['not,the,report\r\n', 'and more\r\n', 'to its end'].map((piece) => Buffer.from(piece));
    let read = 0;
    const arriving = async function* () {
      for (const piece of pieces) {
        yield piece;
        read += 1;
      }
    };
    const { digest, upload } = await SelectImportRows.reading(arriving());
    expect(upload).toEqual({ line: 1, reason: 'columns_changed' });
    expect(read).toBe(3);
    expect(digest).toBe(createHash('sha256').update(Buffer.concat(pieces)).digest('hex'));
  });

  it('P16: whatever a spreadsheet does to the form of the file, the same rows are selected', async () => {
    const text = fc
      .oneof(
        fc.string({ unit: 'grapheme', maxLength: 10 }),
        fc.constantFrom(
          '=1+1',
          '+49',
          '-x',
          '@home',
          "O'Neil",
          '李 小龍',
          'Ελένη',
          'محمد',
          'x\r\ny',
          'a\nb',
          ' padded ',
          '"q"',
          '🙂',
        ),
      )
      .filter((one) => one.isWellFormed());
    const people = fc
      .array(fc.record({ givenName: text, familyName: text, kept: fc.boolean() }), {
        minLength: 1,
        maxLength: 12,
      })
      .map((rows) => rows.map(({ kept, ...names }, n) => ({ kept, who: person(n, names) })));
    const forms = fc.record({
      bom: fc.boolean(),
      lf: fc.boolean(),
      blankLines: fc.boolean(),
      reversed: fc.boolean(),
      quoted: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(people, forms, async (rows, { bom, lf, blankLines, reversed, quoted }) => {
        const kept = rows.filter((row) => row.kept).map(({ who }) => who);
        const records = csvRows(reversed ? kept.toReversed() : kept, quoted);
        const end = lf ? '\n' : '\r\n';
        const file = `${bom ? '\ufeff' : ''}${records.join(blankLines ? end + end : end)}${end}`;
        const answer = await read(
          rows.map(({ who }) => who),
          file,
        );
        expect(isRefusal(answer) ? answer : answer.selected).toBe(kept.length);
        if (isRefusal(answer)) return;
        const selection = Selection.read(answer.selection.text);
        expect(rows.map((_, row) => selection.has(row))).toEqual(rows.map((row) => row.kept));
      }),
      { numRuns: process.env.ORGLEDGER_LONG ? 1_000 : 100 },
    );
  });
});

/** Each record by itself, so that the lines between can be anybody's. */
const csvRows = (people: readonly CandidateView[], quoted: boolean): string[] =>
  [columns as readonly string[], ...people.map(cellsOf)].map((cells) => {
    const line = csvOf([cells]).slice(0, -2);
    return quoted && !line.includes('"')
      ? line
          .split(',')
          .map((cell) => `"${cell}"`)
          .join(',')
      : line;
  });
