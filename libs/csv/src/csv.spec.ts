import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CsvUnreadable, csvOf, csvRecords } from './index.ts';

async function* inPieces(bytes: Buffer, size = 7): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const read = async (text: string | Buffer, size?: number) => {
  const records = [];
  for await (const record of csvRecords(inPieces(Buffer.from(text as string), size))) records.push(record);
  return records;
};
const cells = async (text: string | Buffer) => (await read(text)).map((record) => [...record.cells]);

const spectrum = dirname(createRequire(import.meta.url).resolve('csv-spectrum/package.json'));
const cases = [
  'comma_in_quotes',
  'empty',
  'empty_crlf',
  'escaped_quotes',
  'json',
  'newlines',
  'newlines_crlf',
  'quotes_and_newlines',
  'simple',
  'simple_crlf',
  'utf8',
];

describe('CSV', () => {
  it.each(cases)('P16: the case %s of csv-spectrum is read as its JSON says', async (name) => {
    const [header = [], ...rows] = await cells(readFileSync(join(spectrum, 'csvs', `${name}.csv`)));
    const objects = rows.map((row) =>
      Object.fromEntries(header.map((column, index) => [column, row[index]])),
    );
    expect(objects).toEqual(JSON.parse(readFileSync(join(spectrum, 'json', `${name}.json`), 'utf8')));
  });

  it('P16: a quote inside a cell that is not quoted is no RFC 4180: the case location_coordinates is refused', async () => {
    const file = readFileSync(join(spectrum, 'csvs', 'location_coordinates.csv'));
    await expect(read(file)).rejects.toMatchObject({ reason: 'invalid_opening_quote' });
  });

  it('P16: what is written is read again, in any script, with quotes, breaks and blanks, however it arrives', async () => {
    const cell = fc
      .oneof(
        fc.string({ unit: 'grapheme', maxLength: 12 }),
        fc.constantFrom(
          'a "b", c',
          'x\r\ny',
          'x\ny',
          ' padded ',
          '姓名',
          'Ωmega',
          'שלום',
          '🙂',
          "'",
          ';',
          '',
        ),
      )
      .filter((text) => text.isWellFormed() && !/^[=+\-@\t\r\n＋－＝＠]/.test(text));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 64 }),
        async (rows, size) => {
          const again = await read(csvOf(rows), size);
          expect(again.map((record) => record.cells)).toEqual(rows);
        },
      ),
      { numRuns: process.env.ORGLEDGER_LONG ? 5_000 : 100 },
    );
  });

  it('IMP-08: a record tells the line on which it begins, also after breaks in quotes and empty lines', async () => {
    const records = await read('\ufeffa,b\r\n"x\r\ny",2\r\n\r\n3,4\n"5\n6\n7",8\n9,10');
    expect(records).toEqual([
      { line: 1, cells: ['a', 'b'] },
      { line: 2, cells: ['x\r\ny', '2'] },
      { line: 5, cells: ['3', '4'] },
      { line: 6, cells: ['5\n6\n7', '8'] },
      { line: 9, cells: ['9', '10'] },
    ]);
  });

  it.each([
    ['a quote that never closes', Buffer.from('a,b\n1,"2\n'), 'csv_quote_not_closed', 2],
    ['text after a closing quote', Buffer.from('a\n"b"c\n'), 'csv_invalid_closing_quote', 2],
    ['a quote in the middle', Buffer.from('a\nb"c"\n'), 'invalid_opening_quote', 2],
    ['a record without an end', Buffer.from(`a\n${'x'.repeat(70_000)}`), 'csv_max_record_size', 2],
    ['Latin-1', Buffer.from('a\n\xe9\n', 'latin1'), 'not_utf8', 1],
    ['a character cut off', Buffer.from([0x61, 0x0a, 0xe2, 0x82]), 'not_utf8', 1],
  ])('P15: %s is refused with the line', async (_name, bytes, reason, line) => {
    const refused = await read(bytes).catch((error) => error);
    expect(refused).toBeInstanceOf(CsvUnreadable);
    expect(refused.reason).toBe(reason);
    expect(refused.line).toBeLessThanOrEqual(line);
  });

  it('P16: 200 cells that a spreadsheet would run are all exported as text', async () => {
    const starts = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    const bodies = ['1+1', 'cmd|"/c calc"!A0', 'HYPERLINK("http://x","y")', 'SUM(A1:A9)', 'ä', ''];
    const live = starts.flatMap((start) =>
      bodies.flatMap((body) => [`${start}${body}`, `${start}${start}${body}`, `${start} ${body};${body}`]),
    );
    expect(live.length).toBeGreaterThan(190);
    const text = csvOf(live.map((cell) => ['safe', cell]));
    const again = (await cells(text)).map(([, cell]) => cell);
    expect(again).toEqual(live.map((cell) => `'${cell}`));
    expect(
      text
        .split('\r\n')
        .filter((line) => /(^|,)"?[=+\-@\t＝＋－＠]/.test(line) && !line.startsWith('safe,"\'')),
    ).toEqual([]);
  });
});
