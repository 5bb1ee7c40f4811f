/** Folds write-ahead logs in, beside those who write them. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { giveWay } from './thread.ts';

const EVERY_MS = 50;
/** Pages of a log that are worth a flush of the file. */
const WORTH = 1_000;

class Log {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: 0 });
  }

  fold(): void {
    try {
      const { log, checkpointed } = this.#checkpoint('NOOP');
      if (log - checkpointed >= WORTH) this.#checkpoint('PASSIVE');
    } catch {
      // The disk is full, or fails: whoever writes is told so. What was not folded is folded when it can be.
    }
  }

  #checkpoint(mode: 'NOOP' | 'PASSIVE'): { log: number; checkpointed: number } {
    return this.#database.prepare(`PRAGMA wal_checkpoint(${mode})`).get() as never;
  }

  close(): void {
    this.#database.close();
  }
}

giveWay();
const logs = (workerData as string[]).map((path) => new Log(path));
const timer = setInterval(() => {
  for (const log of logs) log.fold();
}, EVERY_MS);

parentPort?.once('message', () => {
  clearInterval(timer);
  for (const log of logs) log.close();
});
