import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Database, GroupCommit, StorageFailure } from '#sqlite';

let folder: string;
let database: Database;
let group: GroupCommit;
let commits: number;

beforeEach(async () => {
  // The turn in which the test before has ended is over.
  await nextTurn();
  folder = mkdtempSync(join(tmpdir(), 'orgledger-group-'));
  database = Database.open(join(folder, 'test.db'), { kind: 'TEST', durable: true });
  database.run('CREATE TABLE things (id INTEGER PRIMARY KEY, text TEXT NOT NULL)');
  commits = 0;
  group = new GroupCommit(database, () => {
    commits += 1;
  });
});

afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

const insert = (id: number, text = 'x') => {
  database.statement('INSERT INTO things VALUES (?, ?)').run(id, text);
  return id;
};

const stored = () =>
  database
    .statement('SELECT id FROM things ORDER BY id')
    .all()
    .map(({ id }) => id);

describe('group commit', () => {
  it('the writes of one turn are one transaction, answered each with its own value', async () => {
    const answers = await Promise.all([1, 2, 3].map((id) => group.run(() => insert(id))));
    expect(answers).toEqual([1, 2, 3]);
    expect(commits).toBe(1);
    await group.run(() => insert(4));
    expect(commits).toBe(2);
    expect(stored()).toEqual([1, 2, 3, 4]);
  });

  /** So many writes in each of the turns; answers which commit each was in. */
  const inTurns = (...counts: number[]): Promise<number[]> => {
    const turns = counts.flatMap((count, turn) => Array.from({ length: count }, () => turn));
    return Promise.all(
      turns.map(async (turn, id) => {
        for (let passed = 0; passed < turn; passed++) await nextTurn();
        return group.run(() => insert(id)).then(() => commits);
      }),
    );
  };

  it('while each turn brings more, those of the next are of the same transaction', async () => {
    expect(await inTurns(2, 1, 1, 0, 1)).toEqual([1, 1, 1, 1, 2]);
  });

  it('it is written after five turns at the latest', async () => {
    expect(await inTurns(2, 1, 1, 1, 1, 1, 1)).toEqual([1, 1, 1, 1, 1, 1, 2, 3]);
  });

  it('one that is alone in its turn is not kept waiting', async () => {
    expect(await inTurns(1, 1, 1)).toEqual([1, 2, 3]);
  });

  it('waits for the disk when one of a turn must last, and only then', async () => {
    const waits = () => Number(Object.values(database.statement('PRAGMA synchronous').get() ?? {})[0]) === 2;
    expect(await group.run(waits, false)).toBe(false);
    expect(await Promise.all([group.run(waits, false), group.run(waits)])).toEqual([true, true]);
    await expect(group.run(() => insert(1, null as never), false)).rejects.toThrow(StorageFailure);
    expect(await group.run(waits)).toBe(true);
  });

  it('one that throws is answered alone', async () => {
    const refused = new Error('no');
    const answers = await Promise.allSettled([
      group.run(() => insert(1)),
      group.run(() => {
        throw refused;
      }),
      group.run(() => insert(2)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(answers[1]).toMatchObject({ reason: refused });
    expect(stored()).toEqual([1, 2]);
  });

  it('P1: when the engine fails all are refused, and nothing of any of them is kept', async () => {
    await group.run(() => insert(1));
    const answers = await Promise.allSettled([
      group.run(() => insert(2)),
      group.run(() => insert(1)),
      group.run(() => insert(3)),
    ]);
    for (const answer of answers) {
      expect(answer.status).toBe('rejected');
      expect((answer as PromiseRejectedResult).reason).toBeInstanceOf(StorageFailure);
    }
    expect(stored()).toEqual([1]);
    expect(commits).toBe(1);
    await group.run(() => insert(2));
    expect(stored()).toEqual([1, 2]);
  });

  it('F11: a disk without room refuses whole groups, 10 times; with room again the next one is written', async () => {
    const pages = database.statement('PRAGMA page_count').get()?.page_count as number;
    database.run(`PRAGMA max_page_count=${pages + 4}`);
    const text = 'x'.repeat(6_000);
    let failures = 0;
    let next = 0;
    while (failures < 10) {
      const ids = [next, next + 1, next + 2];
      const answers = await Promise.allSettled(ids.map((id) => group.run(() => insert(id, text))));
      const states = new Set(answers.map(({ status }) => status));
      expect(states.size).toBe(1);
      if (states.has('fulfilled')) next += 3;
      else failures += 1;
      expect(stored()).toHaveLength(next);
    }
    database.run('PRAGMA max_page_count=1000000');
    await group.run(() => insert(next, text));
    expect(stored()).toHaveLength(next + 1);
  });

  it('flushed before its turn, the waiting writes are on the disk at once', async () => {
    const waiting = group.run(() => insert(1));
    group.flush();
    expect(stored()).toEqual([1]);
    expect(await waiting).toBe(1);
  });

  it('a closed file refuses', async () => {
    database.close();
    await expect(group.run(() => insert(1))).rejects.toThrow();
  });
});
