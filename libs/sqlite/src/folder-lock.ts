import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { UnusableFile } from './database.ts';

/**
 * One writer per data folder. The lock is the operating system's own, taken through SQLite: it ends with the process,
 * however that ends. The file beside it only names the holder.
 */
export class FolderLock {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** @throws UnusableFile with a sentence that names the process that holds the folder. */
  static take(folder: string): FolderLock {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const holderFile = join(folder, 'writer.json');
    const db = new DatabaseSync(join(folder, 'writer.lock'), { timeout: 0 });
    try {
      db.exec('PRAGMA journal_mode=DELETE; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE');
    } catch (error) {
      db.close();
      throw new UnusableFile(
        `the data folder ${folder} is in use by ${holder(holderFile)}: ${(error as Error).message}`,
      );
    }
    writeFileSync(holderFile, JSON.stringify({ pid: process.pid, since: new Date().toISOString() }));
    return new FolderLock(db);
  }

  release(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}

const holder = (file: string): string => {
  try {
    const { pid, since } = JSON.parse(readFileSync(file, 'utf8'));
    return `process ${pid} since ${since}`;
  } catch {
    return 'another process';
  }
};
