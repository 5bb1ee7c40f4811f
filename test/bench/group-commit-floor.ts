import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Load, underLoad, type Window } from './load.ts';

/** An event row as the product stores it. */
export interface EventRow {
  readonly type: string;
  readonly data: string;
  readonly meta: string;
}

/** An `InviteSent` with its metadata, as large as the product stores it. */
export const inviteRow = {
  type: 'InviteSent',
  data: JSON.stringify({ pad: 'x'.repeat(520) }),
  meta: JSON.stringify({ pad: 'x'.repeat(480) }),
};

/** What the machine committed, of such rows, that gave 2,000 invitations per second in the same hour. */
const REFERENCE_COMMITS = 42_000;

/** So many per second where the floor is that of the reference, elsewhere as much of the floor. */
export const ofReference = (perSecond: number): { readonly ratioAtLeast: number } => ({
  ratioAtLeast: Number((perSecond / REFERENCE_COMMITS).toFixed(4)),
});

/**
 * The least that a durable log on this engine can do: one INSERT per event, the events of one turn of the event loop
 * in one transaction, answered when it is on the disk.
 */
export class GroupCommitFloor {
  readonly #db: DatabaseSync;
  readonly #row: EventRow;
  readonly #streams: number;
  #waiting: { stream: number; resolve: () => void }[] = [];
  #written = 0;

  constructor(folder: string, row: EventRow, streams: number) {
    this.#db = new DatabaseSync(join(folder, 'floor.db'));
    this.#row = row;
    this.#streams = streams;
    this.#db.exec(`
      PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
      PRAGMA wal_autocheckpoint=2000; PRAGMA cache_size=-32768;
      CREATE TABLE events (pos INTEGER PRIMARY KEY, stream TEXT NOT NULL, rev INTEGER NOT NULL, id TEXT NOT NULL,
        type TEXT NOT NULL, data TEXT NOT NULL, meta TEXT NOT NULL, ts INTEGER NOT NULL, UNIQUE (stream, rev))`);
    const begin = this.#db.prepare('BEGIN IMMEDIATE');
    const commit = this.#db.prepare('COMMIT');
    const insert = this.#db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#flush = () => {
      const group = this.#waiting;
      this.#waiting = [];
      begin.run();
      for (const { stream } of group) {
        const position = ++this.#written;
        const { type, data, meta } = this.#row;
        insert.run(position, names(stream), position, ids(position), type, data, meta, 1_700_000_000_000);
      }
      commit.run();
      for (const { resolve } of group) resolve();
    };
  }

  readonly #flush: () => void;

  append(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ stream: (this.#written + this.#waiting.length) % this.#streams, resolve });
      if (this.#waiting.length === 1) setImmediate(this.#flush);
    });
  }

  /** By 64 who append without a pause. */
  c64(window: Pick<Window, 'warmMs' | 'measureMs'>): Promise<Load> {
    return underLoad({ ...window, workers: 64 }, () => this.append());
  }

  /** Rows on the disk. */
  close(): number {
    const { n } = this.#db.prepare('SELECT count(*) AS n FROM events').get() as { n: number };
    this.#db.close();
    return n;
  }
}

const names = (stream: number): string => `account-acc_${stream.toString(16).padStart(32, '0')}`;
const ids = (position: number): string =>
  `00000000-0000-5000-8000-${position.toString(16).padStart(12, '0')}`;
