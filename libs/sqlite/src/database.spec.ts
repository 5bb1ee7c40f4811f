import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Database, StorageFailure, UnusableFile } from '#sqlite';
import { startChild } from '../../../test/faults/child.ts';

const OPTIONS = { kind: 'TEST', durable: true } as const;
const PROCESS = new URL('../../../test/faults/data-folder-process.ts', import.meta.url).pathname;

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-file-'));
  path = join(folder, 'things.db');
});

afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const filled = (rows = 2_000): Database => {
  const database = Database.open(path, OPTIONS);
  database.run('CREATE TABLE IF NOT EXISTS things (id INTEGER PRIMARY KEY, text TEXT NOT NULL)');
  database.transaction(() => {
    const insert = database.statement('INSERT INTO things (text) VALUES (?)');
    for (let row = 0; row < rows; row += 1) insert.run(`thing ${row} ${'x'.repeat(200)}`);
  });
  return database;
};

/** Everything in the folder, byte for byte. */
const contents = () =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((name) => statSync(join(folder, name)).isFile())
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex'),
      ]),
  );

/** The sentence of the refusal; that it is one, that it names the file and that nothing was changed is checked here. */
const refusal = (): string => {
  const before = contents();
  let message = '';
  try {
    Database.open(path, OPTIONS).close();
  } catch (error) {
    expect(error).toBeInstanceOf(UnusableFile);
    message = (error as Error).message;
  }
  expect(message).toContain(path);
  expect(message).not.toContain('\n');
  expect(contents()).toEqual(before);
  return message;
};

/** A copy as a killed process leaves it: main file and write-ahead log, in the middle of their lives. */
const crashed = (): { main: Buffer; log: Buffer } => {
  const database = filled(500);
  database.run('PRAGMA wal_checkpoint(TRUNCATE)');
  database.transaction(() => {
    const insert = database.statement('INSERT INTO things (text) VALUES (?)');
    for (let row = 0; row < 500; row += 1) insert.run(`later ${row} ${'y'.repeat(200)}`);
  });
  const found = { main: readFileSync(path), log: readFileSync(`${path}-wal`) };
  database.close();
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  return found;
};

const count = (database: Database): unknown =>
  database.statement('SELECT count(*) AS n FROM things').get()?.n;

describe('settings are read back', () => {
  it.each([
    [true, 2],
    [false, 1],
  ])('durable %s: write-ahead log with synchronous=%i', (durable, synchronous) => {
    const database = Database.open(path, { ...OPTIONS, durable });
    const pragma = (name: string) => Object.values(database.statement(`PRAGMA ${name}`).get() ?? {})[0];
    expect(pragma('journal_mode')).toBe('wal');
    expect(pragma('synchronous')).toBe(synchronous);
    expect(pragma('page_size')).toBe(8_192);
    database.close();
  });

  it.each(['journal_mode', 'synchronous'])(
    'a file system on which %s does not take is refused',
    (setting) => {
      Database.open(path, OPTIONS).close();
      const { exec } = DatabaseSync.prototype;
      jest.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (
        this: DatabaseSync,
        sql: string,
      ) {
        const takes = !sql.startsWith(`PRAGMA ${setting}=`);
        exec.call(this, takes ? sql : `PRAGMA ${setting}=${setting === 'journal_mode' ? 'DELETE' : 'OFF'}`);
      });
      expect(() => Database.open(path, OPTIONS)).toThrow(
        `${path} does not take write-ahead logging with synchronous=2`,
      );
    },
  );
});

describe('a file that is not ours', () => {
  it.each([
    ['text', 'not a database, but something dear to somebody'],
    ['one byte', 'x'],
    ['much text', 'dear diary, '.repeat(10_000)],
    ['zeros', '\0'.repeat(16_384)],
  ])('%s is refused and left as it is', (_what, text) => {
    writeFileSync(path, text);
    expect(refusal()).toContain('is not a database file; it is left untouched');
  });

  it.each([
    ['another program', 'PRAGMA application_id=1234; PRAGMA user_version=1'],
    ['no program', 'PRAGMA user_version=1'],
  ])("%s's database is refused, its unfinished write-ahead log too", (_what, pragmas) => {
    const theirs = new DatabaseSync(path);
    theirs.exec(`${pragmas}; PRAGMA journal_mode=WAL; CREATE TABLE dear (id); INSERT INTO dear VALUES (1)`);
    const main = readFileSync(path);
    const log = readFileSync(`${path}-wal`);
    theirs.close();
    writeFileSync(path, main);
    writeFileSync(`${path}-wal`, log);
    expect(refusal()).toContain('it is left untouched');
  });

  it('another store of this product is refused', () => {
    Database.open(path, { ...OPTIONS, kind: 'OTHR' }).close();
    expect(refusal()).toContain("is another store's");
  });

  it('a newer schema is refused', () => {
    Database.open(path, { ...OPTIONS, schemaVersion: 2 }).close();
    expect(refusal()).toContain('has schema version 2, this release reads 1');
  });

  it('a folder in its place is refused', () => {
    mkdirSync(path);
    expect(refusal()).toContain('is not a file');
  });
});

describe('a torn file', () => {
  it('without bytes is refused: ours are never empty, not even when the process dies while making one', () => {
    writeFileSync(path, '');
    expect(refusal()).toContain('is torn: it is empty; restore it from a backup');
  });

  it.each([8, 15, 16, 64, 99])('of %i bytes is refused', (bytes) => {
    filled().close();
    truncateSync(path, bytes);
    expect(refusal()).toContain('is torn');
  });

  it.each([
    ['inside its first page', () => 5_000],
    ['after its first page', () => 8_192],
    ['in the middle of a page', (size: number) => Math.floor(size / 2) + 17],
    ['between two pages', (size: number) => 8_192 * Math.floor(size / 16_384)],
    ['by its last page', (size: number) => size - 8_192],
    ['by its last byte', (size: number) => size - 1],
  ])('cut %s is refused', (_where, at) => {
    filled().close();
    const { size } = statSync(path);
    truncateSync(path, at(size));
    expect(refusal()).toContain(`is torn: ${at(size)} bytes of ${size}; restore it from a backup`);
  });

  it('whose write-ahead log lacks the missing pages is refused', () => {
    const { main, log } = crashed();
    writeFileSync(path, main.subarray(0, main.length - 5 * 8_192));
    writeFileSync(`${path}-wal`, log);
    expect(refusal()).toContain('is torn');
  });

  it('is refused when its write-ahead log was damaged before the missing pages', () => {
    const { main, log } = crashed();
    writeFileSync(path, main);
    writeFileSync(`${path}-wal`, log);
    const whole = Database.open(path, OPTIONS);
    whole.run('PRAGMA wal_checkpoint(PASSIVE)');
    const grown = readFileSync(path);
    expect(grown.length).toBeGreaterThan(main.length);
    whole.close();
    const damaged = Buffer.from(log);
    damaged[32 + 24 + 100] = (damaged[32 + 24 + 100] as number) ^ 1;
    writeFileSync(path, grown.subarray(0, main.length));
    writeFileSync(`${path}-wal`, damaged);
    expect(refusal()).toContain('is torn');
  });

  it('whose write-ahead log is there while it is gone is refused', () => {
    const { log } = crashed();
    writeFileSync(`${path}-wal`, log);
    expect(refusal()).toContain('is missing, its write-ahead log is there');
    expect(existsSync(path)).toBe(false);
  });
});

describe('what a crash leaves behind is not torn', () => {
  it('a write-ahead log that was not played back', () => {
    const { main, log } = crashed();
    writeFileSync(path, main);
    writeFileSync(`${path}-wal`, log);
    const database = Database.open(path, OPTIONS);
    expect(count(database)).toBe(1_000);
    database.close();
  });

  it('a playback that was cut short at any page', () => {
    const { main, log } = crashed();
    writeFileSync(path, main);
    writeFileSync(`${path}-wal`, log);
    const whole = Database.open(path, OPTIONS);
    whole.run('PRAGMA wal_checkpoint(PASSIVE)');
    const grown = readFileSync(path);
    whole.close();
    let cuts = 0;
    for (let size = main.length; size < grown.length; size += 8_192 + 1_000) {
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
      writeFileSync(path, grown.subarray(0, size));
      writeFileSync(`${path}-wal`, log);
      const database = Database.open(path, OPTIONS);
      expect(count(database)).toBe(1_000);
      expect(database.statement('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
      database.close();
      cuts += 1;
    }
    expect(cuts).toBeGreaterThan(5);
  });

  it('a file that was being made', () => {
    writeFileSync(`${path}.new`, 'half of it');
    writeFileSync(`${path}.new-journal`, 'half of it');
    const database = filled(1);
    expect(count(database)).toBe(1);
    database.close();
    expect(readdirSync(folder)).toEqual(['things.db']);
  });
});

describe('a folder that cannot be written', () => {
  it('is refused by name, and its file left as it is', async () => {
    filled().close();
    const before = contents();
    chmodSync(path, 0o444);
    chmodSync(folder, 0o555);
    const child = startChild([PROCESS, 'open', path], { uid: process.getuid?.() === 0 ? 65_534 : undefined });
    try {
      const answer = await child.line(/./);
      expect(answer).toContain('UnusableFile: ');
      expect(answer).toContain(path);
    } finally {
      child.process.stdin.end();
      await child.ended;
      chmodSync(folder, 0o755);
    }
    expect(contents()).toEqual(before);
  });
});

describe('a transaction', () => {
  it('that throws leaves nothing, and the next one works', () => {
    const database = filled(1);
    expect(() =>
      database.transaction(() => {
        database.run("INSERT INTO things (text) VALUES ('half')");
        throw new RangeError('no');
      }),
    ).toThrow(RangeError);
    expect(() => database.transaction(() => database.run('INSERT INTO nowhere VALUES (1)'))).toThrow(
      StorageFailure,
    );
    expect(count(database)).toBe(1);
    database.transaction(() => database.run("INSERT INTO things (text) VALUES ('whole')"));
    expect(count(database)).toBe(2);
    database.close();
    database.close();
  });
});

it('a copy of a closed file is the file', () => {
  filled(10).close();
  const copy = join(folder, 'copy.db');
  copyFileSync(path, copy);
  const database = Database.open(copy, OPTIONS);
  expect(count(database)).toBe(10);
  database.close();
});
