import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { engineCode } from './database.ts';
import { UnusableFile } from './database-file.ts';

const BUSY = 5;

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
  static take(path: string): FolderLock {
    const folder = resolve(path);
    const holderFile = join(folder, 'writer.json');
    let db: DatabaseSync | undefined;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      db = new DatabaseSync(join(folder, 'writer.lock'), { timeout: 0 });
      db.exec('PRAGMA journal_mode=DELETE; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE');
      writeFileSync(holderFile, JSON.stringify({ pid: process.pid, since: new Date().toISOString() }));
      return new FolderLock(db);
    } catch (error) {
      db?.close();
      throw new UnusableFile(
        engineCode(error) === BUSY
          ? `the data folder ${folder} is in use by ${holder(holderFile)}`
          : `the data folder ${folder} cannot be locked: ${(error as Error).message}`,
        { cause: error },
      );
    }
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
