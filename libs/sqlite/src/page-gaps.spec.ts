import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Database } from '#sqlite';
import { PageGaps } from './page-gaps.ts';
import { WrittenPages } from './written-pages.ts';

let folder: string;
let database: Database;
const path = () => join(folder, 'things.db');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-gaps-'));
  database = Database.open(path(), { kind: 'TEST', durable: false, secureDelete: true });
});
afterEach(() => {
  jest.restoreAllMocks();
  database.close();
  rmSync(folder, { recursive: true });
});

/** The same disorder every time. */
const shuffled = (count: number): number[] => {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let at = count - 1, seed = 7; at > 0; at -= 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    const other = seed % (at + 1);
    [order[at], order[other]] = [order[other] as number, order[at] as number];
  }
  return order;
};

it('USR-10: of deleted rows nothing stays in the pages, where the engine has moved them from page to page too', () => {
  database.run('CREATE TABLE things (id TEXT PRIMARY KEY, text TEXT NOT NULL)');
  database.run('CREATE INDEX by_text ON things (text)');
  const insert = database.statement('INSERT INTO things VALUES (?, ?)');
  const remove = database.statement('DELETE FROM things WHERE id = ?');
  const keyOf = (row: number) => String((row * 7_919) % 100_003).padStart(6, '0');
  const nameOf = (row: number) =>
    `${keyOf(row)}-${row % 3 === 0 ? 'secret' : 'public'}-${'x'.repeat(row % 97)}`;
  for (const row of shuffled(6_000)) insert.run(`id-${row}`, nameOf(row));
  for (const row of shuffled(6_000)) if (row % 3 === 0) remove.run(`id-${row}`);
  database.run('PRAGMA wal_checkpoint(TRUNCATE)');
  expect(readFileSync(path()).includes('secret')).toBe(true);
  expect(database.scrub()).toBe(true);
  expect(readFileSync(path()).includes('secret')).toBe(false);
  expect(database.statement('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  expect(database.statement('SELECT count(*) AS n FROM things').get()).toEqual({ n: 4_000 });
  for (const row of shuffled(3_000)) insert.run(`id+${row}`, `more-${row}`);
  expect(database.scrub()).toBe(true);
  expect(readFileSync(path()).includes('secret')).toBe(false);
  expect(database.statement('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
});

it('USR-10: after the first time only what was written since is looked at, through logs that begin anew, and nothing stays', () => {
  database.run('CREATE TABLE things (id TEXT PRIMARY KEY, text TEXT NOT NULL)');
  database.run('CREATE INDEX by_text ON things (text)');
  database.run('PRAGMA wal_autocheckpoint=40');
  const put = database.statement('INSERT OR REPLACE INTO things VALUES (?, ?)');
  const remove = database.statement('DELETE FROM things WHERE id = ?');
  const file = openSync(path(), 'r+');
  const left = (): number => {
    const gaps = new PageGaps(file);
    for (const _slice of gaps.cleanAll());
    return gaps.sync();
  };
  const rows = shuffled(4_000);
  const write = (round: number): void => {
    for (let at = 0; at < rows.length; at += 50)
      database.transaction(() => {
        for (const row of rows.slice(at, at + 50)) {
          const key = `id-${(row * 7_919 * (round + 1)) % 4_001}`;
          if ((row + round) % 3 === 0) remove.run(key);
          else put.run(key, `${(row * 31) % 997}-secret-${'x'.repeat((row * (round + 3)) % 180)}`);
        }
      });
  };
  write(0);
  expect(database.scrub()).toBe(true);
  for (let round = 1; round < 5; round += 1) {
    write(round);
    expect(database.scrub()).toBe(true);
    expect(left()).toBe(0);
  }
  write(5);
  database.run("DELETE FROM things WHERE text LIKE '1%'");
  put.run('id-outside', 'of a transaction');
  expect(database.scrub()).toBe(true);
  expect(left()).toBe(0);
  expect(database.statement('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
});

it('USR-10: a file that was closed in order is known when it is opened again; one that was not, is looked at as a whole', () => {
  const mark = `${path()}-swept`;
  expect(existsSync(mark)).toBe(false);
  database.transaction(() => database.run('CREATE TABLE things (id INTEGER PRIMARY KEY, text TEXT)'));
  database.close();
  expect(existsSync(mark)).toBe(true);
  const reopen = () => {
    database = Database.open(path(), { kind: 'TEST', durable: false, secureDelete: true });
    return [...database.sweep()].length;
  };
  const fill = (from: number) =>
    database.transaction(() => {
      const insert = database.statement('INSERT INTO things VALUES (?, ?)');
      for (let row = from; row < from + 3_000; row += 1) insert.run(row, 'x'.repeat(2_000));
    });
  expect(reopen()).toBe(0);
  expect(existsSync(mark)).toBe(false);
  fill(0);
  expect(database.scrub()).toBe(true);
  database.close();
  const copy = readFileSync(path());
  expect(reopen()).toBe(0);
  database.close();
  writeFileSync(path(), copy);
  expect(reopen()).toBeGreaterThan(0);
  expect(database.statement('SELECT count(*) AS n FROM things').get()).toEqual({ n: 3_000 });
});

it('USR-10: whatever may be left is cleaned a little at a time before anybody is to be forgotten, and a long log folded in', () => {
  database.transaction(() =>
    database.run('CREATE TABLE things (id INTEGER PRIMARY KEY, text TEXT NOT NULL)'),
  );
  const write = (round: number) => {
    const put = database.statement('INSERT OR REPLACE INTO things VALUES (?, ?)');
    for (let from = 0; from < 2_000; from += 500)
      database.transaction(() => {
        for (let row = from; row < from + 500; row += 1)
          put.run((row * 7_919) % 2_003, `secret-${'x'.repeat((row * (round + 3)) % 4_000)}`);
      });
  };
  write(0);
  database.close();
  rmSync(`${path()}-swept`);
  database = Database.open(path(), { kind: 'TEST', durable: false, secureDelete: true });
  const whole = jest.spyOn(PageGaps.prototype, 'cleanAll');
  let steps = 0;
  while (database.tidy()) write(steps++);
  expect(steps).toBeGreaterThan(3);
  const ofLog = () =>
    database.statement('PRAGMA wal_checkpoint(NOOP)').get() as { log: number; checkpointed: number };
  const { log, checkpointed } = ofLog();
  expect(log - checkpointed).toBeGreaterThan(1_250);
  expect(database.tidy()).toBe(false);
  expect(ofLog()).toMatchObject({ log, checkpointed: log });
  database.transaction(() => database.run("DELETE FROM things WHERE text LIKE 'secret%'"));
  expect(database.scrub()).toBe(true);
  expect(whole).toHaveBeenCalledTimes(1);
  expect(readFileSync(path()).includes('secret')).toBe(false);
});

it('does not wait for whoever is still reading', () => {
  database.run('CREATE TABLE things (id INTEGER PRIMARY KEY)');
  database.run('INSERT INTO things SELECT value FROM json_each(json_array(1, 2, 3))');
  const reader = Database.reader(path());
  const rows = reader.statement('SELECT id FROM things').iterate();
  rows.next();
  database.run('INSERT INTO things VALUES (4)');
  expect(database.scrub()).toBe(false);
  rows.return?.();
  expect(database.scrub()).toBe(true);
  reader.close();
});

it('a commit that is done is not said to have failed because of the cleaning after it; the file is looked at again', () => {
  database.transaction(() => database.run('CREATE TABLE things (id INTEGER PRIMARY KEY, text TEXT)'));
  expect(database.scrub()).toBe(true);
  jest.spyOn(WrittenPages.prototype, 'note').mockImplementationOnce(() => undefined);
  jest.spyOn(WrittenPages.prototype, 'note').mockImplementationOnce(() => {
    throw new Error('EIO');
  });
  database.transaction(() => database.run("INSERT INTO things VALUES (1, 'kept')"));
  expect(database.statement('SELECT text FROM things').all()).toEqual([{ text: 'kept' }]);
  const whole = jest.spyOn(PageGaps.prototype, 'cleanAll');
  expect(database.scrub()).toBe(true);
  expect(whole).toHaveBeenCalledTimes(1);
});

it('cleaning that fails while nobody waits harms nobody; the file is looked at again', () => {
  database.transaction(() => database.run('CREATE TABLE things (id INTEGER PRIMARY KEY, text TEXT)'));
  jest.spyOn(PageGaps.prototype, 'clean').mockImplementationOnce(() => {
    throw new Error('EIO');
  });
  expect(database.tidy()).toBe(false);
  const whole = jest.spyOn(PageGaps.prototype, 'cleanAll');
  expect(database.scrub()).toBe(true);
  expect(whole).toHaveBeenCalledTimes(1);
});

it('USR-10: a look at the whole file that failed is begun anew, not taken for done', () => {
  database.transaction(() => {
    database.run('CREATE TABLE things (id TEXT PRIMARY KEY, text TEXT NOT NULL)');
    const insert = database.statement('INSERT INTO things VALUES (?, ?)');
    for (const row of shuffled(3_000)) insert.run(`id-${row}`, `${(row * 31) % 997}-secret-${row}`);
  });
  database.transaction(() => database.run('DELETE FROM things'));
  database.close();
  rmSync(`${path()}-swept`);
  database = Database.open(path(), { kind: 'TEST', durable: false, secureDelete: true });
  const whole = jest.spyOn(PageGaps.prototype, 'cleanAll').mockImplementationOnce(function* () {
    yield;
    throw new Error('EIO');
  });
  expect(() => database.scrub()).toThrow('EIO');
  expect(database.scrub()).toBe(true);
  expect(whole).toHaveBeenCalledTimes(2);
});

it('USR-10: however much is written before anybody is to be forgotten, only what was written is looked at', () => {
  database.transaction(() => database.run('CREATE TABLE things (id INTEGER PRIMARY KEY, text TEXT)'));
  const begunAnew = new Set(Array.from({ length: 100_000 }, (_, index) => index + 1));
  jest.spyOn(WrittenPages.prototype, 'note').mockImplementationOnce(() => undefined);
  jest.spyOn(WrittenPages.prototype, 'note').mockImplementationOnce(() => begunAnew);
  database.transaction(() => database.run("INSERT INTO things VALUES (1, 'kept')"));
  const whole = jest.spyOn(PageGaps.prototype, 'cleanAll');
  const some = jest.spyOn(PageGaps.prototype, 'clean');
  expect(database.scrub()).toBe(true);
  expect(whole).not.toHaveBeenCalled();
  const cleaned = new Set(some.mock.calls.flatMap(([pages]) => [...pages]));
  expect([...begunAnew].filter((page) => !cleaned.has(page))).toEqual([]);
});

it('USR-10: pages that could not be cleaned are looked at again', () => {
  database.transaction(() => database.run('CREATE TABLE things (id INTEGER PRIMARY KEY, text TEXT)'));
  jest.spyOn(WrittenPages.prototype, 'note').mockImplementationOnce(() => undefined);
  jest.spyOn(WrittenPages.prototype, 'note').mockImplementationOnce(() => new Set([1, 2]));
  database.transaction(() => database.run("INSERT INTO things VALUES (1, 'kept')"));
  jest.spyOn(PageGaps.prototype, 'clean').mockImplementationOnce(() => {
    throw new Error('EIO');
  });
  const whole = jest.spyOn(PageGaps.prototype, 'cleanAll');
  expect(() => database.scrub()).toThrow('EIO');
  expect(database.scrub()).toBe(true);
  expect(whole).toHaveBeenCalledTimes(1);
});

it('a disk that has refused what was overwritten says so once; whoever waits for it is told all the same', async () => {
  const pages = Buffer.alloc(1_100 * 8_192, 'left');
  pages.writeUInt16BE(8_192, 16);
  for (let at = 8_192; at < pages.length; at += 8_192) {
    pages[at] = 13;
    pages.writeUInt16BE(0, at + 3);
    pages.writeUInt16BE(8_192, at + 5);
  }
  const other = join(folder, 'other.db');
  writeFileSync(other, pages);
  const file = openSync(other, 'r+');
  const gaps = new PageGaps(file, () => Promise.reject(new Error('EIO')));
  for (const _slice of gaps.cleanAll());
  await gaps.syncAhead();
  expect(() => gaps.sync()).toThrow('EIO');
  expect(() => gaps.sync()).toThrow('EIO');
  closeSync(file);
  expect(readFileSync(other).subarray(8_192).includes('left')).toBe(false);
});

it('USR-10: while a transaction lasts nothing is waited for but what is there to be cleaned', () => {
  database.run('CREATE TABLE things (id TEXT PRIMARY KEY, text TEXT NOT NULL)');
  expect(database.scrub()).toBe(true);
  database.begin();
  database.run("INSERT INTO things VALUES ('id', 'text')");
  expect(database.tidy()).toBe(false);
  database.commit();
  expect(database.tidy()).toBe(false);
});
