import { fsync, fsyncSync, readSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';

/** First byte of a page that belongs to a tree ("B-tree Pages" of SQLite's file format) → length of its header. */
const HEADERS = new Map([
  [2, 12],
  [5, 12],
  [10, 8],
  [13, 8],
]);
const FILE_HEADER = 100;
const SLICE = 1_048_576;
/** So many that are not on the disk would be felt by whoever waits for them. */
const WORTH_SYNCING = 1_024;

/**
 * Between the list of its cells and the cells themselves a page has room that belongs to nobody. Where the engine has
 * shared out the cells of a page anew, copies of some stay there, with secure_delete too: this overwrites them. Nobody
 * reads that room, so others may read meanwhile; pages that are written meanwhile have to be cleaned again.
 */
export class PageGaps {
  readonly #file: number;
  readonly #pageSize: number;
  readonly #zeros: Buffer;
  readonly #flush: (file: number) => Promise<void>;
  /** Since the last `sync`. */
  #cleaned = 0;
  /** Of those, how many were cleaned before the disk was last asked to take them. */
  #asked = 0;
  #isAsking = false;
  #failure: Error | undefined;

  constructor(file: number, flush: (file: number) => Promise<void> = promisify(fsync)) {
    this.#file = file;
    this.#flush = flush;
    const header = Buffer.alloc(FILE_HEADER);
    readSync(file, header, 0, FILE_HEADER, 0);
    const stated = header.readUInt16BE(16);
    this.#pageSize = stated === 1 ? 65_536 : stated;
    this.#zeros = Buffer.alloc(this.#pageSize);
  }

  /** The whole file, with a pause after every slice of it. */
  *cleanAll(): Generator<void> {
    const size = this.#pageSize;
    const slice = Buffer.alloc(SLICE - (SLICE % size));
    for (let at = 0; ; at += slice.length) {
      const length = readSync(this.#file, slice, 0, slice.length, at);
      for (let page = 0; page + size <= length; page += size)
        this.#clean(slice.subarray(page, page + size), at + page);
      if (length < slice.length) return;
      yield;
    }
  }

  /** Pages by their numbers; the first is 1. */
  clean(pages: Iterable<number>): void {
    const page = Buffer.alloc(this.#pageSize);
    for (const number of pages) {
      const at = (number - 1) * this.#pageSize;
      if (readSync(this.#file, page, 0, page.length, at) === page.length) this.#clean(page, at);
    }
  }

  /** Has the disk take what was overwritten, beside everything else, so that `sync` finds little left. */
  async syncAhead(): Promise<void> {
    if (this.#isAsking || this.#cleaned - this.#asked < WORTH_SYNCING) return;
    this.#asked = this.#cleaned;
    this.#isAsking = true;
    try {
      await this.#flush(this.#file);
    } catch (error) {
      this.#failure = error as Error;
    }
    this.#isAsking = false;
  }

  /** Brings what was overwritten to the disk. @returns in how many pages that was */
  sync(): number {
    // The system tells a failure once, and then takes for written what is not.
    if (this.#failure) throw this.#failure;
    const cleaned = this.#cleaned;
    this.#cleaned = this.#asked = 0;
    if (cleaned > 0) fsyncSync(this.#file);
    return cleaned;
  }

  #clean(page: Buffer, at: number): void {
    const [from, to] = gapOf(page, at === 0 ? FILE_HEADER : 0);
    if (from >= to || page.compare(this.#zeros, 0, to - from, from, to) === 0) return;
    writeSync(this.#file, this.#zeros, 0, to - from, at + from);
    this.#cleaned += 1;
  }
}

const gapOf = (page: Buffer, start: number): [from: number, to: number] => {
  const header = HEADERS.get(page[start] as number);
  if (header === undefined) return [0, 0];
  const from = start + header + 2 * page.readUInt16BE(start + 3);
  const to = page.readUInt16BE(start + 5) || 65_536;
  return to <= page.length ? [from, to] : [0, 0];
};
