import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Database } from '#sqlite';
import { Catalogue } from './catalogue.ts';
import { Writer } from './writer.ts';

const element = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'é',
    '[',
    '{',
    '\\u0041',
    '"\\',
    '\u0000',
    'a\u0000b',
    '\ud800',
    '\u{1F600}',
    '\u001f',
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
  fc.constantFrom(0, 1, -1, 1e21, Number.MAX_SAFE_INTEGER, true, false, null),
  fc.constant([1, 'a']),
  fc.constant({ a: 1 }),
);
const document = fc.record({ n: element, tags: fc.oneof(fc.array(element, { maxLength: 5 }), element) });
const fields = [
  ['n', 1],
  ['tags', -1],
  ['_id', 1],
] as const;

describe('the entries of an index over arrays', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orgledger-entries-'));
  let database: Database;
  let catalogue: Catalogue;
  beforeAll(() => {
    database = Database.open(join(folder, 'documents.db'), { kind: 'docs', durable: false });
    catalogue = new Catalogue(database);
  });
  afterAll(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  const entriesOf = (name: string) =>
    database
      .statement(`SELECT * FROM ${catalogue.layouts.get(name)?.multikey[0]?.entries}`)
      .all()
      .map((row) => Object.values(row));

  it('are the same whether it was there before the documents or is made from them', () => {
    let run = 0;
    fc.assert(
      fc.property(fc.array(document, { maxLength: 8 }), (documents) => {
        const [kept, made] = [`kept-${++run}`, `made-${run}`];
        const writer = new Writer(database, catalogue);
        database.transaction(() => {
          for (const name of [kept, made]) for (const _ of catalogue.addColumns(name, ['n', 'tags']));
          catalogue.addIndex(kept, { unique: false, fields });
          for (const name of [kept, made])
            for (const [at, { n, tags }] of [{ n: 0, tags: ['first'] }, ...documents].entries())
              writer.insert(name, `d${at}`, { _id: `d${at}`, n: Array.isArray(n) ? 'list' : n, tags });
          catalogue.addIndex(made, { unique: false, fields });
        });
        const entries = entriesOf(made);
        expect(entries.length).toBeGreaterThan(documents.length);
        expect(entries).toEqual(entriesOf(kept));
        database.transaction(() => {
          for (const name of [kept, made]) catalogue.drop(name);
        });
      }),
      { numRuns: 150 },
    );
  });
});
