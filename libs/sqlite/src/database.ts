import { closeSync, existsSync, fdatasyncSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { createFile, refuseUnsound, UnusableFile } from './database-file.ts';
import { PageGaps } from './page-gaps.ts';
import { PageSet } from './page-set.ts';
import { leaveSweptMark, takeSweptMark } from './swept-mark.ts';
import { WrittenPages } from './written-pages.ts';

/** The engine could not do its work: disk full, input/output error, file gone. Nothing of it was kept. */
export class StorageFailure extends Error {
  override readonly name = 'StorageFailure';
}

export interface DatabaseOptions {
  /** Four letters stored in the file's header; another program's file is refused by it. */
  readonly kind: string;
  /** True: a commit survives power loss. False: it survives the process only (for what can be rebuilt). */
  readonly durable: boolean;
  readonly schemaVersion?: number;
  /** In KiB. Default 16 MiB. */
  readonly cacheKiB?: number;
  /** Overwrites deleted content with zeros. */
  readonly secureDelete?: boolean;
  /** Reads pages from a mapping of the file. */
  readonly mapped?: boolean;
}

const BUSY_MS = 5_000;
/** So many pages with every commit: a millisecond at most. */
const CLEANED_AT_ONCE = 128;
/** More are not cleaned by whoever closes the file: it is looked at as a whole when it is open again. */
const CLEANED_AT_CLOSE = 32_768;
/** Pages of a log that are worth a flush of the file. */
const WORTH_FOLDING = 1_250;
/** Pages of one transaction that go to the disk at once; those of a lone command are few, and whoever comes next would wait. */
const WORTH_SETTLING = 100;
const READER_CACHE_KIB = 16_384;
/**
 * Pages of documents that lie apart cost a tenth of what they cost with one system call for each. What is mapped is
 * the system's cache, not the process's own memory. The engine maps no more than this.
 */
const MAPPED_BYTES = 2_147_418_112;

/** One SQLite file: opened with checks, its settings read back, its statements prepared once. */
export class Database {
  readonly path: string;
  readonly #db: DatabaseSync;
  #isDurable = false;
  readonly #statements = new Map<string, StatementSync>();
  /** Never closed before the engine's own: closing any handle on the file lets go of all locks of the process. */
  #file: number | undefined;
  #written: WrittenPages | undefined;
  #gaps: PageGaps | undefined;
  /** Pages of earlier logs that are still to be cleaned. */
  readonly #folded = new PageSet();
  /** True: all that has been written since is noted. */
  #isKnown = false;
  /** True: nothing is left in any other page than those that are noted. */
  #isSwept = false;
  #forgets = false;
  /** How far the whole file has been looked at. */
  #sweeping: Generator<void> | undefined;
  /** Pages of the log when somebody last looked whether it is worth folding. */
  #logSeen = -1;
  #log: number | undefined;
  /** Pages of the log when it was last asked whether they are to be put on the disk. */
  #logBefore = 0;

  private constructor(path: string, db: DatabaseSync) {
    this.path = path;
    this.#db = db;
  }

  /** @throws UnusableFile when the file is foreign, torn, of another version, or the settings did not take. */
  static open(file: string, options: DatabaseOptions): Database {
    // Absolute: a relative path could be taken for a URI.
    const path = resolve(file);
    const identity = {
      applicationId: Buffer.from(options.kind).readInt32BE(0),
      schemaVersion: options.schemaVersion ?? 1,
    };
    let database: Database | undefined;
    try {
      const isNew = !existsSync(path);
      if (isNew) createFile(path, identity);
      const isSwept = options.secureDelete && (takeSweptMark(path) || isNew);
      refuseUnsound(path, identity);
      database = new Database(path, new DatabaseSync(path, { timeout: BUSY_MS }));
      database.#configure(options);
      if (isSwept) {
        database.#takeNote();
        database.#isSwept = true;
      }
      return database;
    } catch (error) {
      database?.close();
      if (error instanceof UnusableFile) throw error;
      throw new UnusableFile(`${path} cannot be used: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Reads what others have committed to a file that this process has open already. */
  static reader(file: string): Database {
    const path = resolve(file);
    const database = new Database(path, new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS }));
    database.run(`PRAGMA cache_size=-${READER_CACHE_KIB}`);
    database.run(`PRAGMA mmap_size=${MAPPED_BYTES}`);
    database.run('PRAGMA temp_store=MEMORY');
    return database;
  }

  #configure(options: DatabaseOptions): void {
    const synchronous = options.durable ? 2 : 1;
    this.#isDurable = options.durable;
    this.run('PRAGMA journal_mode=WAL');
    this.run(`PRAGMA synchronous=${synchronous}`);
    // What need not survive power loss is not forced to the disk at a commit, only when the log is folded in: seldom.
    this.run(`PRAGMA wal_autocheckpoint=${options.durable ? 8_000 : 16_000}`);
    this.run(`PRAGMA cache_size=-${options.cacheKiB ?? 16_384}`);
    this.run('PRAGMA temp_store=MEMORY');
    if (options.secureDelete) this.run('PRAGMA secure_delete=ON');
    if (options.mapped) this.run(`PRAGMA mmap_size=${MAPPED_BYTES}`);
    if (this.#pragma('journal_mode') !== 'wal' || this.#pragma('synchronous') !== synchronous)
      throw new UnusableFile(
        `${this.path} does not take write-ahead logging with synchronous=${synchronous}; keep it on a local disk`,
      );
  }

  #pragma(name: string): unknown {
    return Object.values(this.#db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  }

  /** Prepared once per text. Running a statement again ends its open iterator: use `iterate` for walks. */
  statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  run(sql: string): void {
    this.#db.exec(sql);
  }

  /**
   * `lasting` false: it need not survive power loss, also in a file whose transactions do.
   * @throws StorageFailure when the engine failed; whatever `work` throws otherwise. Nothing is kept in both cases.
   */
  transaction<T>(work: () => T, lasting = true): T {
    if (lasting || !this.#isDurable) return this.#transaction(work);
    this.statement('PRAGMA synchronous=1').run();
    try {
      return this.#transaction(work);
    } finally {
      this.statement('PRAGMA synchronous=2').run();
    }
  }

  #transaction<T>(work: () => T): T {
    try {
      this.begin();
      const result = work();
      this.commit();
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#rollback();
      throw isEngineError(error) ? new StorageFailure(error.message, { cause: error }) : error;
    }
  }

  /** For a transaction that lasts across turns. */
  begin(): void {
    this.#noteAtRest();
    this.statement('BEGIN IMMEDIATE').run();
  }

  commit(): void {
    this.statement('COMMIT').run();
    try {
      this.#cleanSome();
    } catch {
      // What was committed is kept; the next sweep looks at the whole file again.
      this.#loseTrack();
    }
  }

  #cleanSome(): void {
    if (!this.#isKnown) return;
    for (const page of this.#written?.note() ?? []) this.#folded.add(page);
    if (this.#forgets) this.#cleanFolded();
  }

  #cleanFolded(): void {
    try {
      this.#gaps?.clean(this.#folded.take(CLEANED_AT_ONCE));
    } catch (error) {
      this.#loseTrack();
      throw error;
    }
    void this.#gaps?.syncAhead();
  }

  /** A log that has begun anew outside of a transaction may have held more than anybody saw. */
  #noteAtRest(): void {
    if (this.#isKnown && this.#written?.note()) this.#loseTrack();
  }

  #loseTrack(): void {
    this.#isKnown = this.#isSwept = false;
    this.#sweeping = undefined;
    this.#folded.clear();
  }

  #takeNote(): PageGaps {
    this.#file ??= openSync(this.path, 'r+');
    this.#gaps ??= new PageGaps(this.#file);
    // The log's index is there from the first read on.
    this.run('SELECT 1 FROM sqlite_schema');
    this.#written ??= new WrittenPages(this.path);
    this.#written.note();
    this.#isKnown = true;
    return this.#gaps;
  }

  #rollback(): void {
    try {
      this.statement('ROLLBACK').run();
    } catch {
      // The engine has rolled back by itself (disk full, input/output error).
    }
  }

  /**
   * Overwrites what deleted content has left in the pages of the whole file, with pauses, unless it is known already
   * which pages have been written since that was last done: then in those that stand in the file.
   */
  *sweep(): Generator<void> {
    this.#forgets = true;
    while (this.#sweepSome()) yield;
    while (this.#folded.size > 0) {
      this.#cleanFolded();
      yield;
    }
  }

  /** @returns whether there is more of the file to look at; where that fails it is begun anew */
  #sweepSome(): boolean {
    if (this.#isSwept) return false;
    const sweeping = this.#sweeping ?? this.#takeNote().cleanAll();
    this.#sweeping = undefined;
    this.#isSwept = sweeping.next().done === true;
    if (!this.#isSwept) this.#sweeping = sweeping;
    return !this.#isSwept;
  }

  /**
   * A little of what an erasure would otherwise wait for; a log is folded in once nothing has been written since the last look.
   * @returns whether there is more of it
   */
  tidy(): boolean {
    const isBetween = !this.#db.isTransaction;
    try {
      if (isBetween) this.#noteAtRest();
      if (this.#sweepSome()) return true;
      this.#cleanFolded();
      if (this.#folded.size > 0) return true;
      if (!isBetween) return false;
      const { log, checkpointed } = this.#pagesOfLog();
      const isAtRest = log === this.#logSeen;
      this.#logSeen = log;
      if (isAtRest && log - checkpointed >= WORTH_FOLDING) this.#pragma('wal_checkpoint(PASSIVE)');
    } catch {
      // The disk is full, or fails: whoever writes is told so.
      this.#loseTrack();
    }
    return false;
  }

  /** How many it has, and how many of them stand in the file. */
  #pagesOfLog(): { readonly log: number; readonly checkpointed: number } {
    return this.statement('PRAGMA wal_checkpoint(NOOP)').get() as never;
  }

  /**
   * What need not survive power loss is on the disk all the same before it is folded in. A full log at once keeps whoever
   * else writes to that disk waiting for fifty milliseconds.
   * To be called after every transaction. @returns whether there was enough of it to be put there
   */
  settle(): boolean {
    try {
      const { log } = this.#pagesOfLog();
      const more = log - (log < this.#logBefore ? 0 : this.#logBefore);
      this.#logBefore = log;
      if (more < WORTH_SETTLING) return false;
      this.#log ??= openSync(`${this.path}-wal`, 'r+');
      fdatasyncSync(this.#log);
      return true;
    } catch {
      // The disk is full, or fails: whoever folds the log in is told so.
      return false;
    }
  }

  /**
   * Folds the write-ahead log in, empties it and overwrites what deleted content has left in the pages. False while
   * another connection still reads from the log.
   */
  scrub(): boolean {
    this.#noteAtRest();
    for (const _pause of this.sweep());
    this.run('PRAGMA busy_timeout=0');
    try {
      if (this.#pragma('wal_checkpoint(TRUNCATE)') !== 0) return false;
      this.#gaps?.clean(this.#written?.pages ?? []);
      this.#written?.note();
      // Pages in memory may hold copies too, and would bring them back.
      if (this.#gaps?.sync()) this.run('PRAGMA shrink_memory');
      return true;
    } finally {
      this.run(`PRAGMA busy_timeout=${BUSY_MS}`);
    }
  }

  /** A file that cannot be written any more is closed all the same. */
  #scrubbed(): boolean {
    try {
      return this.scrub();
    } catch {
      return false;
    }
  }

  close(): void {
    if (!this.#db.isOpen) return;
    this.#noteAtRest();
    const isClean = this.#isSwept && this.#folded.size <= CLEANED_AT_CLOSE && this.#scrubbed();
    this.#statements.clear();
    this.#db.close();
    for (const file of [this.#file, this.#log]) if (file !== undefined) closeSync(file);
    this.#written?.close();
    if (isClean) leaveSweptMark(this.path);
  }
}

/** SQLite's extended result code of a thrown error, or undefined when the error is not the engine's. */
export const engineCode = (error: unknown): number | undefined =>
  isEngineError(error) ? error.errcode : undefined;

const isEngineError = (error: unknown): error is Error & { errcode: number } =>
  (error as { code?: string } | undefined)?.code === 'ERR_SQLITE_ERROR';
