import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { NO_STREAM, openEmbeddedEvents, StoreUnavailable } from '#event-store';
import { Database, Folding } from '#sqlite';
import { aStream, events } from '../contracts/event-store.events.ts';
import { startChild } from './child.ts';
import { eventually } from './product.ts';
import { SmallDisk } from './small-disk.ts';
import { Writers } from './writers.ts';

const ROUNDS = process.env.ORGLEDGER_LONG ? 100 : 10;
const PROCESS = new URL('./embedded-writer-process.ts', import.meta.url).pathname;

const disk = SmallDisk.mount(160);
const mounted = typeof disk === 'string' ? undefined : disk;
if (!mounted) process.stdout.write(`skipped: full disk: ${disk}\n`);
const withDisk = mounted ? it : it.skip;

afterAll(() => mounted?.unmount());

describe('F11: a full disk', () => {
  withDisk(
    `P1: ${ROUNDS} times under 8 writers: nothing acknowledged is lost, writing goes on by itself`,
    async () => {
      const { folder } = mounted as SmallDisk;
      const data = join(folder, 'writers');
      const writers = new Writers();
      const child = startChild([PROCESS, data, '1', '8'], { onLine: writers.listen });
      try {
        await child.line(/^ack /);
        for (let round = 0; round < ROUNDS; round += 1) {
          const { failures } = writers;
          await eventually(
            async () => {
              mounted?.fill();
              return writers.failures;
            },
            (now) => now > failures + 8,
          );
          mounted?.empty();
          const { acknowledged } = writers;
          await eventually(
            async () => writers.acknowledged,
            (now) => now > acknowledged + 8,
          );
        }
      } finally {
        child.kill('SIGKILL');
        await child.ended;
      }
      process.stdout.write(
        `F11: ${mounted?.filled} times full, ${writers.failures} appends refused, ${writers.acknowledged} acknowledged\n`,
      );
      expect(mounted?.filled).toBeGreaterThanOrEqual(ROUNDS);
      await writers.check(data);
      rmSync(data, { recursive: true });
    },
    ROUNDS * 10_000,
  );

  withDisk('reads go on, health says so, and finds by itself that there is room again', async () => {
    const { folder } = mounted as SmallDisk;
    const store = openEmbeddedEvents(folder);
    const stream = aStream();
    const following = new AbortController();
    const followed: string[] = [];
    const follower = (async () => {
      for await (const batch of store.follow({ after: 0, signal: following.signal }))
        followed.push(...batch.map(({ id }) => id));
    })();
    let revision = NO_STREAM;
    const ids: string[] = [];
    let refused: unknown;
    mounted?.fill();
    while (!refused) {
      const next = events(3);
      try {
        ({ revision } = await store.append(stream, revision, next));
        ids.push(...next.map(({ id }) => id));
      } catch (error) {
        refused = error;
      }
    }
    expect(refused).toBeInstanceOf(StoreUnavailable);
    expect((refused as Error).message).toMatch(/^the event store cannot write: /);
    expect(await store.health()).toEqual({
      ok: false,
      detail: expect.stringContaining('the last write failed'),
    });
    expect((await store.read(stream)).map(({ id }) => id)).toEqual(ids);
    expect(await store.head()).toBe(ids.length);
    mounted?.empty();
    expect(await store.health()).toEqual({ ok: true });
    const next = events(2);
    expect(await store.append(stream, revision, next)).toEqual({
      revision: revision + 2,
      position: ids.length + 2,
    });
    ids.push(...next.map(({ id }) => id));
    await eventually(
      async () => followed.length,
      (length) => length >= ids.length,
    );
    expect(followed).toEqual(ids);
    following.abort();
    await follower;
    await store.close();
  });
});

describe('F11: whoever folds logs in', () => {
  const written = (path: string): Database => {
    const database = Database.open(path, { kind: 'TEST', durable: true });
    database.run('CREATE TABLE things (text TEXT NOT NULL)');
    const insert = database.statement('INSERT INTO things VALUES (?)');
    database.transaction(() => {
      for (let page = 0; page < 1_100; page += 1) insert.run('x'.repeat(8_000));
    });
    return database;
  };
  const whenFolded = (database: Database) =>
    eventually(
      async () => database.statement('PRAGMA wal_checkpoint(NOOP)').get(),
      (found) => found?.log === found?.checkpointed,
    );

  withDisk('goes on with other files while a disk is full, and with its own when there is room', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'orgledger-folding-'));
    const full = written(join((mounted as SmallDisk).folder, 'one.db'));
    const other = written(join(elsewhere, 'two.db'));
    mounted?.fill();
    const died: Error[] = [];
    const folding = new Folding([full.path, other.path], (error) => died.push(error));
    await whenFolded(other);
    expect(full.statement('PRAGMA wal_checkpoint(NOOP)').get()).toMatchObject({ checkpointed: 0 });
    mounted?.empty();
    await whenFolded(full);
    expect(died).toEqual([]);
    await folding.close();
    full.close();
    other.close();
    rmSync(elsewhere, { recursive: true });
  });
});

const straced = spawnSync('strace', ['-f', '-o', '/dev/null', '-e', 'trace=fdatasync', 'true']);
const cannot = straced.error?.message ?? (straced.status === 0 ? undefined : String(straced.stderr).trim());
if (cannot) process.stdout.write(`skipped: failing fdatasync: strace does not run here: ${cannot}\n`);

describe('F11: a disk that fails to keep what it was given', () => {
  (cannot ? it.skip : it)(
    'P1: every fifth fdatasync fails: what is acknowledged was kept by one that did not',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'orgledger-sync-'));
      const writers = new Writers();
      const child = startChild([PROCESS, folder, '1', '8'], {
        onLine: writers.listen,
        under: [
          'strace',
          '-f',
          '-o',
          '/dev/null',
          '-e',
          'trace=fdatasync,fsync',
          '-e',
          'inject=fdatasync,fsync:error=EIO:when=20+5',
        ],
      });
      try {
        await eventually(
          async () => writers.failures,
          (failures) => failures > 100,
          60_000,
        );
      } finally {
        child.kill('SIGKILL');
        await child.ended;
      }
      process.stdout.write(
        `F11: fdatasync failed: ${writers.failures} appends refused, ${writers.acknowledged} acknowledged\n`,
      );
      expect(writers.acknowledged).toBeGreaterThan(100);
      await writers.check(folder);
      rmSync(folder, { recursive: true });
    },
    90_000,
  );
});
