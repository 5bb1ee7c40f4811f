import { join } from 'node:path';
import { RecentlyUsed } from '#cache';
import { nextPiece } from '#clock';
import type { EventMetadata, RecordedEvent } from '#kernel';
import { Database, engineCode, GroupCommit, StorageFailure, UnusableFile } from '#sqlite';
import { type SerialisedEvent, serialise } from '../checks.ts';
import {
  type Appended,
  type EventStore,
  type NewEvent,
  NO_STREAM,
  type Retention,
  RevisionConflict,
  type StoreHealth,
  StoreUnavailable,
  type Together,
  UnusableStore,
} from '../port.ts';

interface Row {
  readonly pos: number;
  readonly stream: string;
  readonly rev: number;
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly meta: string;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    pos INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    rev INTEGER NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    meta TEXT NOT NULL,
    ts INTEGER NOT NULL,
    UNIQUE (stream, rev)
  );
  CREATE TABLE IF NOT EXISTS retention (stream TEXT PRIMARY KEY, max_count INTEGER, max_age_ms INTEGER);
`;
const COLUMNS = 'pos, stream, rev, id, type, data, meta';
const BATCH = 500;
/** Newest rows kept for those who follow: they need not be read and parsed again for each of them. */
const KEPT = 1_000;
const KNOWN_HEADS = 100_000;

/**
 * The log in one SQLite file: a commit is on the disk before it is acknowledged, and appends that come together share
 * one. The folder must be held by this process (`FolderLock`).
 * @throws UnusableStore when the file is foreign or torn.
 */
export const openEmbeddedEvents = (folder: string): EventStore => {
  const path = join(folder, 'events.db');
  let database: Database | undefined;
  try {
    database = Database.open(path, { kind: 'OLEV', durable: true, cacheKiB: 32_768 });
    return new EmbeddedEvents(database);
  } catch (error) {
    database?.close();
    if (error instanceof UnusableFile) throw new UnusableStore(error.message, { cause: error });
    if (engineCode(error) === undefined) throw error;
    throw new UnusableStore(`${path} cannot be used: ${(error as Error).message}`, { cause: error });
  }
};

class EmbeddedEvents implements EventStore {
  readonly #db: Database;
  readonly #commit: GroupCommit;
  readonly #waiting = new Set<() => void>();
  readonly #heads = new RecentlyUsed<string, number>(KNOWN_HEADS);
  readonly #retention = new Map<string, { maxCount: number | null; maxAgeMs: number | null }>();
  #closed = false;
  #failure: string | undefined;
  /** Of the newest event on the disk. */
  #head: number;
  /** Of the newest event that has a place, on the disk or on the way there. */
  #next: number;
  /** Newest events on the disk, without a gap. */
  #newest: RecordedEvent[] = [];
  /** Events on the way to the disk. */
  #underway: RecordedEvent[] = [];
  /** When a transaction failed last: what was read before may have been on the way to the disk, and is gone. */
  #lostAt = Number.NEGATIVE_INFINITY;
  /** Revisions on the way to the disk; the heads learn them when they are there. */
  #uncommitted = new Map<string, number>();

  constructor(database: Database) {
    this.#db = database;
    this.#db.run(SCHEMA);
    const newest = this.#db.statement('SELECT max(pos) AS pos FROM events').get() as { pos: number | null };
    this.#head = newest.pos ?? 0;
    this.#next = this.#head;
    this.#commit = new GroupCommit(
      this.#db,
      () => this.#committed(),
      () => this.#undone(),
    );
    for (const row of this.#db.statement('SELECT stream, max_count, max_age_ms FROM retention').all())
      this.#retention.set(row.stream as string, {
        maxCount: row.max_count as number | null,
        maxAgeMs: row.max_age_ms as number | null,
      });
  }

  /** Takes its place at once and is written with whatever else has one by then, in that order. */
  async append(
    stream: string,
    expected: number,
    events: readonly NewEvent[],
    together?: Together,
  ): Promise<Appended> {
    const serialised = serialise(stream, expected, events);
    if (this.#closed) throw new StoreUnavailable('the event store is closed');
    if (together && together.began <= this.#lostAt)
      throw new StoreUnavailable('the event store did not keep what this command may rest on');
    const actual = this.#revisionOf(stream);
    if (actual !== expected)
      return this.#write(() => this.#appendedBefore(stream, expected, actual, serialised));
    const before = this.#next;
    const place = { revision: expected + events.length, position: before + events.length };
    this.#next = place.position;
    this.#uncommitted.set(stream, place.revision);
    const rows = serialised.map(
      ({ id, type, data, metadata }, index): Row => ({
        pos: before + index + 1,
        stream,
        rev: expected + index + 1,
        id,
        type,
        data,
        meta: metadata,
      }),
    );
    for (const [index, { pos, rev }] of rows.entries())
      this.#underway.push({ ...(events[index] as NewEvent), stream, revision: rev, position: pos });
    const written = this.#write(() => this.#insert(rows));
    if (!together) {
      await written;
      return place;
    }
    together.add(written);
    return { ...place, onDisk: written };
  }

  async #write<T>(work: () => T): Promise<T> {
    if (this.#closed) throw new StoreUnavailable('the event store is closed');
    try {
      const result = await this.#commit.run(work);
      this.#failure = undefined;
      return result;
    } catch (error) {
      if (!(error instanceof StorageFailure)) throw error;
      this.#failure = error.message;
      throw new StoreUnavailable(`the event store cannot write: ${error.message}`, { cause: error });
    }
  }

  #insert(rows: readonly Row[]): void {
    const insert = this.#db.statement(
      'INSERT INTO events (pos, stream, rev, id, type, data, meta, ts) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    const now = Date.now();
    for (const { pos, stream, rev, id, type, data, meta } of rows)
      insert.run(pos, stream, rev, id, type, data, meta, now);
  }

  /** The same ids at the revisions that followed are the same append; anything else is a conflict. */
  #appendedBefore(
    stream: string,
    expected: number,
    actual: number,
    events: readonly SerialisedEvent[],
  ): Appended {
    const stored =
      expected < actual
        ? (this.#db
            .statement('SELECT pos, id FROM events WHERE stream = ? AND rev > ? ORDER BY rev LIMIT ?')
            .all(stream, expected, events.length) as unknown as { pos: number; id: string }[])
        : [];
    const same = stored.length === events.length && events.every(({ id }, index) => stored[index]?.id === id);
    if (!same) throw new RevisionConflict(stream, expected, actual);
    return { revision: expected + events.length, position: stored.at(-1)?.pos as number };
  }

  #revisionOf(stream: string): number {
    const known = this.#knownRevisionOf(stream);
    if (known !== undefined) return known;
    const [row] = this.#rows<{ rev: number }>(
      'SELECT rev FROM events WHERE stream = ? ORDER BY rev DESC LIMIT 1',
      stream,
    );
    const revision = row?.rev ?? NO_STREAM;
    this.#heads.set(stream, revision);
    return revision;
  }

  #knownRevisionOf(stream: string): number | undefined {
    return this.#uncommitted.get(stream) ?? this.#heads.get(stream);
  }

  #committed(): void {
    this.#head = this.#next;
    for (const [stream, revision] of this.#uncommitted) this.#heads.set(stream, revision);
    this.#uncommitted.clear();
    this.#newest.push(...this.#underway);
    this.#underway = [];
    if (this.#newest.length > 2 * KEPT) this.#newest = this.#newest.slice(-KEPT);
    for (const wake of [...this.#waiting]) wake();
  }

  #undone(): void {
    this.#lostAt = performance.now();
    this.#next = this.#head;
    this.#uncommitted.clear();
    this.#underway = [];
  }

  isNewest(stream: string, revision: number): boolean {
    return !this.#closed && this.#heads.get(stream) === revision;
  }

  begins(stream: string): void {
    if (!this.#heads.has(stream)) this.#heads.set(stream, NO_STREAM);
  }

  async read(stream: string, options: { from?: number; limit?: number } = {}): Promise<RecordedEvent[]> {
    if (this.#closed) throw new StoreUnavailable('the event store is closed');
    const { from = 0, limit = -1 } = options;
    const known = this.#knownRevisionOf(stream);
    if (known !== undefined && from > known) return [];
    const first = this.#firstReadable(stream, from);
    const rows = this.#rows(
      `SELECT ${COLUMNS} FROM events WHERE stream = ? AND rev >= ? ORDER BY rev LIMIT ?`,
      stream,
      first,
      limit,
    );
    if (known === undefined && limit < 0) this.#learnHead(stream, first, rows.at(-1));
    return rows.map(recorded);
  }

  /** From what was read of a stream to its end: then its newest revision need not be asked for. */
  #learnHead(stream: string, first: number, last: Row | undefined): void {
    if (last || first === 0) this.#heads.set(stream, last?.rev ?? NO_STREAM);
    else this.#revisionOf(stream);
  }

  #rows<R = Row>(sql: string, ...parameters: (string | number)[]): R[] {
    if (this.#closed) throw new StoreUnavailable('the event store is closed');
    try {
      return this.#db.statement(sql).all(...parameters) as unknown as R[];
    } catch (error) {
      throw new StoreUnavailable(`the event store cannot read: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  #firstReadable(stream: string, from: number): number {
    const kept = this.#retention.get(stream);
    if (!kept) return from;
    const newest = this.#revisionOf(stream);
    const byCount = kept.maxCount === null ? 0 : newest - kept.maxCount + 1;
    const young = kept.maxAgeMs === null ? undefined : Date.now() - kept.maxAgeMs;
    const row =
      young === undefined
        ? undefined
        : (this.#db
            .statement('SELECT min(rev) AS rev FROM events WHERE stream = ? AND ts >= ?')
            .get(stream, young) as {
            rev: number | null;
          });
    const byAge = row ? (row.rev ?? newest + 1) : 0;
    return Math.max(from, byCount, byAge);
  }

  async *readAll(
    options: { after?: number; batchSize?: number } = {},
  ): AsyncIterable<readonly RecordedEvent[]> {
    const size = options.batchSize ?? BATCH;
    let after = options.after ?? 0;
    for (;;) {
      const batch = this.#after(after, size);
      if (batch.length === 0) return;
      after = batch.at(-1)?.position as number;
      yield batch;
      await nextPiece();
    }
  }

  #after(position: number, limit: number): readonly RecordedEvent[] {
    const first = this.#newest[0]?.position ?? Number.POSITIVE_INFINITY;
    if (position >= first - 1 && !this.#closed)
      return this.#newest.slice(position - first + 1, position - first + 1 + limit);
    return this.#rows(
      `SELECT ${COLUMNS} FROM events WHERE pos > ? ORDER BY pos LIMIT ?`,
      position,
      limit,
    ).map(recorded);
  }

  async *follow(options: {
    after: number;
    signal: AbortSignal;
    batchSize?: number;
  }): AsyncIterable<readonly RecordedEvent[]> {
    const { signal, batchSize } = options;
    let after = options.after;
    while (!signal.aborted && !this.#closed) {
      for await (const batch of this.readAll({ after, batchSize })) {
        if (signal.aborted) return;
        after = batch.at(-1)?.position as number;
        yield batch;
      }
      if (signal.aborted) return;
      const quiet = this.#nextCommit(after, signal);
      yield [];
      await quiet;
    }
  }

  /** Resolves when something after the position is on the disk; listens before the caller is told that it is quiet. */
  #nextCommit(after: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        if (!signal.aborted && !this.#closed && this.#head <= after) return;
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
      wake();
    });
  }

  async at(position: number): Promise<RecordedEvent | undefined> {
    return this.#rows(`SELECT ${COLUMNS} FROM events WHERE pos = ?`, position).map(recorded)[0];
  }

  async head(): Promise<number> {
    if (this.#closed) throw new StoreUnavailable('the event store is closed');
    return this.#head;
  }

  async retain(stream: string, { maxAgeSeconds, maxCount }: Retention): Promise<void> {
    const kept = {
      maxCount: maxCount ?? null,
      maxAgeMs: maxAgeSeconds === undefined ? null : maxAgeSeconds * 1_000,
    };
    await this.#write(() =>
      this.#db
        .statement('INSERT OR REPLACE INTO retention (stream, max_count, max_age_ms) VALUES (?, ?, ?)')
        .run(stream, kept.maxCount, kept.maxAgeMs),
    );
    this.#retention.set(stream, kept);
  }

  async health(): Promise<StoreHealth> {
    if (this.#closed) return { ok: false, detail: 'the event store is closed' };
    if (this.#failure) await this.#write(() => this.#probe()).catch(() => undefined);
    return this.#failure ? { ok: false, detail: `the last write failed: ${this.#failure}` } : { ok: true };
  }

  /** One durable page, nothing changed: after a failure somebody has to find out that writing works again. */
  #probe(): void {
    const { user_version } = this.#db.statement('PRAGMA user_version').get() as { user_version: number };
    this.#db.run(`PRAGMA user_version=${user_version}`);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#commit.flush();
    this.#closed = true;
    for (const wake of [...this.#waiting]) wake();
    this.#db.close();
  }
}

const recorded = (row: Row): RecordedEvent => ({
  id: row.id,
  stream: row.stream,
  revision: row.rev,
  position: row.pos,
  type: row.type,
  data: parsed(row.data) as object,
  metadata: parsed(row.meta) as EventMetadata,
});

/** What does not parse goes on as text and is the reader's to judge, as with the other adapter. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};
