import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Database, StorageFailure, UnusableFile } from '#sqlite';
import type { DocumentStore, StoredDocument } from '../port.ts';
import { parseFilter, parseSort } from '../subset.ts';
import { Catalogue } from './catalogue.ts';
import { openEmbeddedDocuments, openThreadedDocuments } from './index.ts';
import { rows } from './rows.ts';
import { afterPrefix, compareText } from './values.ts';
import { Writer } from './writer.ts';

interface Thing extends StoredDocument {
  readonly [field: string]: unknown;
}

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-embedded-'));
  path = join(folder, 'documents.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

const OPTIONS = { durable: false, kind: 'docs' };

describe('ways into a collection', () => {
  const INDEXES = [
    { org: 1, name: 1, _id: 1 },
    { org: 1, role: 1, name: 1, _id: 1 },
    { org: 1, joined: -1, _id: -1 },
    { org: 1, words: 1 },
    { org: 1, accounts: 1, name: 1, _id: 1 },
  ] as const;
  const COUNT = 5_000;
  let database: Database;
  let catalogue: Catalogue;

  beforeEach(() => {
    database = Database.open(path, OPTIONS);
    catalogue = new Catalogue(database);
    const writer = new Writer(database, catalogue);
    database.transaction(() => {
      for (const spec of INDEXES) {
        const fields = Object.entries(spec) as [string, 1 | -1][];
        for (const _ of catalogue.addColumns(
          'people',
          fields.map(([path]) => path),
        ));
        catalogue.addIndex('people', { unique: false, fields });
      }
      for (let n = 0; n < COUNT; n++)
        writer.insert('people', `p${n}`, {
          _id: `p${n}`,
          org: 'o',
          name: `name ${(n * 7919) % COUNT}`,
          role: n % 20 ? 'member' : 'admin',
          joined: `2026-01-${n}`,
          words: [`w${n % 10}`, `person${n}`, 'all'],
          accounts: [`a${n % 50}`],
        });
    });
  });
  afterEach(() => database.close());

  /** The plans of the statements that a query runs, as SQLite explains them. */
  const explain = (filter: object, sort: object, limit = 50): { found: number; plans: string[] } => {
    const texts = new Set<string>();
    const watched = new Proxy(database, {
      get: (target, name) =>
        name === 'statement'
          ? (sql: string) => {
              texts.add(sql);
              return target.statement(sql);
            }
          : Reflect.get(target, name),
    });
    const query = { condition: parseFilter(filter), sort: parseSort(sort), skip: 0, limit };
    const found = [...rows(watched, catalogue.layouts.get('people')!, query)].filter(Boolean).length;
    const plans = [...texts].flatMap((sql) =>
      database
        .statement(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...Array.from(sql.matchAll(/\?/g), () => 1))
        .map(({ detail }) => String(detail)),
    );
    return { found, plans };
  };

  const walks: [title: string, filter: object, sort: object][] = [
    ['the first page', { org: 'o' }, { name: 1, _id: 1 }],
    ['the first page, backwards', { org: 'o' }, { joined: 1, _id: 1 }],
    ['a filter and a sort with an index for both', { org: 'o', role: 'admin' }, { name: -1, _id: -1 }],
    [
      'a page after a place',
      { org: 'o', $or: [{ name: { $gt: 'name 3' } }, { name: 'name 3', _id: { $gt: 'p5' } }] },
      { name: 1, _id: 1 },
    ],
    [
      'a page after a place, backwards',
      {
        org: 'o',
        role: 'member',
        $or: [{ name: { $lt: 'name 3' } }, { name: null }, { name: 'name 3', _id: { $lt: 'p5' } }],
      },
      { name: -1, _id: -1 },
    ],
    ['equality into an array, sorted', { org: 'o', accounts: 'a7' }, { name: 1, _id: 1 }],
  ];
  for (const [title, filter, sort] of walks)
    it(`${title} walks an index in order: no scan, no sort`, () => {
      const { found, plans } = explain(filter, sort);
      expect(found).toBe(50);
      expect(plans.filter((plan) => /TEMP B-TREE|SCAN/.test(plan))).toEqual([]);
    });

  it('a search that matches few collects them from the words and sorts', () => {
    const { found, plans } = explain({ org: 'o', words: { $regex: '^person12' } }, { name: 1, _id: 1 });
    expect(found).toBe(50);
    expect(plans.some((plan) => plan.includes('TEMP B-TREE'))).toBe(true);
    expect(plans.some((plan) => /SEARCH e .*\(k0=\? AND k4>\? AND k4<\?\)/.test(plan))).toBe(true);
  });

  it.each([
    ['of few that are sorted', { org: 'o', words: { $regex: '^person12' } }],
    ['of ranges that are merged', { org: { $in: ['o', 'other'] } }],
    ['of ranges and what is asked of each', { org: { $in: ['o', 'other'] }, words: { $regex: '^all' } }],
  ])('a page %s is of one moment: what is deleted while it is read is on it', (_title, filter) => {
    const reader = Database.reader(path);
    const layout = catalogue.layouts.get('people')!;
    const sort = parseSort({ name: 1, _id: 1 });
    const page = rows(reader, layout, { condition: parseFilter(filter), sort, skip: 0, limit: 50 });
    const first = page.next().value;
    database.transaction(() => database.run(`DELETE FROM ${layout.table}`));
    expect([first, ...page].filter(Boolean)).toHaveLength(50);
    reader.close();
  });

  it('a search that matches many walks the order of the page instead', () => {
    const { found, plans } = explain({ org: 'o', words: { $regex: '^all' } }, { name: 1, _id: 1 });
    expect(found).toBe(50);
    expect(plans.filter((plan) => plan.includes('TEMP B-TREE FOR ORDER BY'))).toEqual([]);
  });

  it('ranges that are merged are read as far as the page needs, also where each document has to be asked', () => {
    const org = { $in: ['o', 'other'] };
    for (const filter of [{ org }, { org, words: { $regex: '^all' } }]) {
      const { found, plans } = explain(filter, { name: 1, _id: 1 });
      expect(found).toBe(50);
      expect(plans.some((plan) => plan.includes('MERGE'))).toBe(true);
      expect(plans.some((plan) => plan.includes('MATERIALIZE'))).toBe(!('words' in filter));
    }
  });

  it('an index with two arrays of one document is refused, and the document is not stored', () => {
    const writer = new Writer(database, catalogue);
    expect(() =>
      database.transaction(() => {
        for (const _ of catalogue.addColumns('pairs', ['a', 'b']));
        catalogue.addIndex('pairs', {
          unique: false,
          fields: [
            ['a', 1],
            ['b', 1],
          ],
        });
        writer.insert('pairs', 'x', { _id: 'x', a: [1], b: [2] });
      }),
    ).toThrow(/two arrays/);
  });
});

const died = (error: Error) => {
  throw error;
};

describe.each<[string, (path: string) => Promise<DocumentStore>]>([
  ['the embedded store', async (file) => openEmbeddedDocuments(file, OPTIONS)],
  ['the embedded store, written by a thread', (file) => openThreadedDocuments(file, OPTIONS, died)],
])('%s', (_name, open) => {
  it('long reads leave the event loop free', async () => {
    const store = await open(path);
    const things = store.collection<Thing>('things');
    await things.bulkWrite(
      Array.from({ length: 20_000 }, (_, n) => ({ insertOne: { document: { _id: `t${n}`, n } } })),
    );
    let turns = 0;
    let reading = true;
    const beside = (async () => {
      while (reading) {
        await nextTurn();
        turns++;
      }
    })();
    expect(await things.countDocuments({ n: { $gte: 0 } })).toBe(20_000);
    reading = false;
    await beside;
    expect(turns).toBeGreaterThanOrEqual(30);
    await store.close();
  });

  it('a long read shows one moment, and shorter reads meanwhile show the newest', async () => {
    const store = await open(path);
    const things = store.collection<Thing>('things');
    await things.bulkWrite(
      Array.from({ length: 3_000 }, (_, n) => ({ insertOne: { document: { _id: `t${n}`, n: 0 } } })),
    );
    let seen = 0;
    for await (const { n } of things.find({}) as unknown as AsyncIterable<Thing>) {
      if (seen++ === 0) {
        await things.bulkWrite(
          Array.from({ length: 3_000 }, (_, at) => ({
            replaceOne: { filter: { _id: `t${at}` }, replacement: { n: 1 } },
          })),
        );
        expect(await things.findOne({ _id: 't2999' })).toEqual({ _id: 't2999', n: 1 });
      }
      expect(n).toBe(0);
    }
    expect(seen).toBe(3_000);
    await store.close();
  });

  it('P5: who reads while a transaction makes a collection reads it once that is committed', async () => {
    const store = await open(path);
    const things = store.collection<Thing>('things');
    await store.transaction(async (documents) => {
      await documents.collection<Thing>('things').insertOne({ _id: 'a', tags: ['x', 'y'] });
      expect(await things.findOne({ _id: 'a' })).toBeNull();
    });
    expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', tags: ['x', 'y'] });
    await store.close();
  });

  it('a damaged file is a StorageFailure, for reads, writes and transactions', async () => {
    const store = await open(path);
    const text = 'x'.repeat(500);
    await store
      .collection<Thing>('things')
      .bulkWrite(
        Array.from({ length: 2_000 }, (_, n) => ({ insertOne: { document: { _id: `t${n}`, text } } })),
      );
    await store.close();
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xaa, 8_192 * 4));
    const damaged = await open(path);
    const things = damaged.collection<Thing>('things');
    const fails = (work: Promise<unknown>) => expect(work).rejects.toBeInstanceOf(StorageFailure);
    await fails(things.find({}).toArray());
    await fails(things.findOne({ _id: 't7' }));
    await fails(things.replaceOne({ _id: 't7' }, {}, { upsert: true }));
    await fails(
      damaged.transaction(async (documents) => {
        await documents.collection<Thing>('fresh').insertOne({ _id: 'a' });
        await documents.collection<Thing>('things').insertOne({ _id: 'x' });
      }),
    );
    expect(await damaged.names()).toEqual(['things']);
    await damaged.collection<Thing>('other').insertOne({ _id: 'a' });
    await damaged.close();
  });

  it('after close everything is a StorageFailure', async () => {
    const store = await open(path);
    const things = store.collection<Thing>('things');
    await things.insertOne({ _id: 'a' });
    await store.close();
    await store.close();
    await expect(things.findOne({ _id: 'a' })).rejects.toBeInstanceOf(StorageFailure);
    await expect(things.insertOne({ _id: 'b' })).rejects.toBeInstanceOf(StorageFailure);
    await expect(store.transaction(async () => 1)).rejects.toBeInstanceOf(StorageFailure);
    expect(await store.health()).toMatchObject({ ok: false });
  });

  it('a foreign file is refused and left as it is', async () => {
    const dear = 'not a database, but something dear to somebody';
    writeFileSync(path, dear);
    await expect(open(path)).rejects.toBeInstanceOf(UnusableFile);
    expect(readFileSync(path, 'utf8')).toBe(dear);
  });

  it('many callers, transactions among them: nothing is lost and nothing slips in', async () => {
    const store = await open(path);
    const things = store.collection<Thing>('things');
    await things.bulkWrite([
      { insertOne: { document: { _id: 'left', n: 100 } } },
      { insertOne: { document: { _id: 'right', n: 100 } } },
    ]);
    const move = (by: number, fail: boolean) =>
      store.transaction(async (documents) => {
        const within = documents.collection<Thing>('things');
        await within.updateOne({ _id: 'left' }, { $inc: { n: -by } } as never);
        await nextTurn();
        if (fail) throw new Error('no');
        await within.updateOne({ _id: 'right' }, { $inc: { n: by } } as never);
      });
    const sum = async () => {
      const both = await things.find({ _id: { $in: ['left', 'right'] } }).toArray();
      return both.reduce((total, { n }) => total + (n as number), 0);
    };
    const sums: number[] = [];
    await Promise.all([
      ...Array.from({ length: 20 }, (_, n) => move(n, n % 3 === 0).catch(() => undefined)),
      ...Array.from({ length: 20 }, (_, n) => things.insertOne({ _id: `beside${n}` })),
      (async () => {
        for (let time = 0; time < 40; time++) {
          sums.push(await sum());
          await nextTurn();
        }
      })(),
    ]);
    expect(new Set(sums)).toEqual(new Set([200]));
    expect(await things.countDocuments({})).toBe(22);
    const moved = Array.from({ length: 20 }, (_, n) => (n % 3 === 0 ? 0 : n)).reduce((a, b) => a + b, 0);
    expect(await things.findOne({ _id: 'right' })).toEqual({ _id: 'right', n: 100 + moved });
    await store.close();
  });
});

describe('text', () => {
  it('is ordered by code point, like its UTF-8 bytes', () => {
    const texts = [
      '',
      'a',
      'a\u0000',
      'aa',
      'b',
      'é',
      '\uD7FF',
      '\uE000',
      '\uFF5E',
      '\u{10000}',
      '\u{1F600}',
      '\u{10FFFF}',
    ];
    for (const a of texts)
      for (const b of texts)
        expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
  });

  it('ends after a prefix', () => {
    expect(afterPrefix('ab')).toBe('ac');
    expect(afterPrefix('a\uD7FF')).toBe('a\uE000');
    expect(afterPrefix('a\u{10FFFF}')).toBe('b');
    expect(afterPrefix('\u{10FFFF}')).toBeUndefined();
    expect(afterPrefix('')).toBeUndefined();
  });
});

it('USR-10: what an erasure would wait for is done by the store itself, to its end', async () => {
  const done = Promise.withResolvers<string>();
  let left = 20;
  const tidy = jest.spyOn(Database.prototype, 'tidy').mockImplementation(function (this: Database) {
    left -= 1;
    if (left === 0) done.resolve(this.path);
    return left > 0;
  });
  const store = openEmbeddedDocuments(path, { ...OPTIONS, secureDelete: true });
  expect(await done.promise).toBe(path);
  tidy.mockRestore();
  await store.close();
});
