import { closeSync, openSync, readSync } from 'node:fs';

/** "WAL-Index File Format" of SQLite's documentation: what is said of the log, then blocks of page numbers. */
const HEADER = 136;
const LAST_FRAME = 4;
const SALTS = [8, 9] as const;
const BLOCK = 32_768;
const IN_BLOCK = 4_096;
const IN_FIRST = IN_BLOCK - HEADER / 4;

/**
 * Which pages a write-ahead log has brought to a file. A log begins anew only when everything in it stands in the file,
 * and only with the first write after that.
 */
export class WrittenPages {
  readonly #index: number;
  readonly #header = new Uint32Array(HEADER / 4);
  #log = '';
  #frames = 0;
  #pages = new Set<number>();

  constructor(path: string) {
    this.#index = openSync(`${path}-shm`, 'r');
  }

  /**
   * To be called after every commit, and before the first write of the next. @returns the pages of a log that has begun
   * anew since; they stand in the file
   */
  note(): ReadonlySet<number> | undefined {
    readSync(this.#index, this.#header, 0, HEADER, 0);
    const log = SALTS.map((at) => this.#header[at]).join();
    let folded: ReadonlySet<number> | undefined;
    if (log !== this.#log) {
      folded = this.#pages;
      this.#pages = new Set();
      this.#frames = 0;
      this.#log = log;
    }
    for (const last = this.#header[LAST_FRAME] as number; this.#frames < last; ) this.#read(last);
    return folded;
  }

  /** Of one block. */
  #read(last: number): void {
    const block = this.#frames < IN_FIRST ? 0 : 1 + Math.floor((this.#frames - IN_FIRST) / IN_BLOCK);
    const before = block === 0 ? 0 : IN_FIRST + (block - 1) * IN_BLOCK;
    const until = Math.min(last, block === 0 ? IN_FIRST : before + IN_BLOCK);
    const numbers = new Uint32Array(until - this.#frames);
    const at = block * BLOCK + (block === 0 ? HEADER : 0) + 4 * (this.#frames - before);
    readSync(this.#index, numbers, 0, numbers.byteLength, at);
    for (const page of numbers) this.#pages.add(page);
    this.#frames = until;
  }

  get pages(): ReadonlySet<number> {
    return this.#pages;
  }

  /** After the engine's own handle: closing any on a file lets go of all locks of the process. */
  close(): void {
    closeSync(this.#index);
  }
}
