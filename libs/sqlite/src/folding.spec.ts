import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Database, Folding } from '#sqlite';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-folding-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const alive = (error: Error): never => {
  throw error;
};

const written = (name: string, pages: number): Database => {
  const database = Database.open(join(folder, name), { kind: 'TEST', durable: true });
  database.run('CREATE TABLE things (text TEXT NOT NULL)');
  const insert = database.statement('INSERT INTO things VALUES (?)');
  database.transaction(() => {
    for (let page = 0; page < pages; page += 1) insert.run('x'.repeat(8_000));
  });
  return database;
};

const logOf = (database: Database) => {
  const { log, checkpointed } = database.statement('PRAGMA wal_checkpoint(NOOP)').get() as {
    log: number;
    checkpointed: number;
  };
  return { log, folded: checkpointed };
};

describe('folding of write-ahead logs', () => {
  it('long ones are folded in by another thread, of every file, while they are open; short ones are left', async () => {
    const long = [written('one.db', 1_100), written('two.db', 1_100)];
    const short = written('three.db', 30);
    const folding = new Folding(
      [...long, short].map(({ path }) => path),
      alive,
    );
    for (const database of long) {
      while (logOf(database).folded < logOf(database).log) await pause(5);
      expect(logOf(database).log).toBeGreaterThanOrEqual(1_100);
      database.transaction(() => database.statement('INSERT INTO things VALUES (?)').run('y'));
      expect(logOf(database).log).toBeLessThan(5);
    }
    expect(logOf(short)).toMatchObject({ folded: 0 });
    await folding.close();
    for (const database of [...long, short]) {
      database.close();
      expect(existsSync(`${database.path}-wal`)).toBe(false);
    }
  });

  it('an end that nobody asked for is told', async () => {
    const died = Promise.withResolvers<Error>();
    const folding = new Folding([join(folder, 'nowhere', 'one.db')], died.resolve);
    expect((await died.promise).message).toContain('unable to open database file');
    await folding.close();
  });
});

describe('a log that need not survive power loss', () => {
  it('is put on the disk some pages at a time, also after it has begun anew', () => {
    const database = Database.open(join(folder, 'one.db'), { kind: 'TEST', durable: false });
    database.run('CREATE TABLE things (text TEXT NOT NULL)');
    const write = (pages: number): boolean => {
      const insert = database.statement('INSERT INTO things VALUES (?)');
      database.transaction(() => {
        for (let page = 0; page < pages; page += 1) insert.run('x'.repeat(8_000));
      });
      return database.settle();
    };
    expect([write(5), write(300), database.settle(), write(5)]).toEqual([false, true, false, false]);
    database.statement('PRAGMA wal_checkpoint(PASSIVE)').get();
    expect([write(5), logOf(database).log < 50]).toEqual([false, true]);
    expect([write(300), write(5)]).toEqual([true, false]);
    database.close();
    expect(database.settle()).toBe(false);
    expect(existsSync(`${database.path}-wal`)).toBe(false);
  });
});
