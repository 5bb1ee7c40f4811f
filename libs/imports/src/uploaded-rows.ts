import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Words of a digest, of which two stand in a row: of its person, and of all its cells. */
const DIGEST = 4;
const FIRST_ROWS = 1_024;

interface Taken {
  readonly line: number;
  /** Whether the cells are those of the upload. */
  readonly same: boolean;
  /** The first that differs, -1 for none. */
  readonly changed: number;
}

/**
 * The rows of an upload, found by their person, the first cell. Of each are kept its line, two digests and a checksum of
 * every cell, so that a file of any text needs a few dozen bytes a row.
 */
export class UploadedRows {
  readonly #width: number;
  #words: Int32Array;
  /** By the person's digest: the number of the row, from 1. */
  #slots: Int32Array;
  #count = 0;

  constructor(cells: number) {
    this.#width = 2 * DIGEST + cells + 1;
    this.#words = new Int32Array(FIRST_ROWS * this.#width);
    this.#slots = new Int32Array(2 * FIRST_ROWS);
  }

  /** @returns false when the person has a row already */
  add(line: number, cells: readonly string[]): boolean {
    if (this.#count * this.#width === this.#words.length) this.#grow();
    const person = digestOf(cells[0] ?? '');
    const slot = this.#slotOf(person);
    if (this.#slots[slot]) return false;
    const at = this.#count * this.#width;
    this.#words.set(person, at);
    this.#words.set(digestOf(JSON.stringify(cells)), at + DIGEST);
    this.#words.set(cells.map(checksumOf), at + 2 * DIGEST);
    this.#words[at + this.#width - 1] = line;
    this.#count += 1;
    this.#slots[slot] = this.#count;
    return true;
  }

  /** The row of the same person, which is not among the rest then. */
  take(cells: readonly string[]): Taken | undefined {
    const row = this.#slots[this.#slotOf(digestOf(cells[0] ?? ''))];
    if (!row) return undefined;
    const at = (row - 1) * this.#width;
    const line = this.#lineAt(at);
    this.#words[at + this.#width - 1] = 0;
    const same = this.#holds(digestOf(JSON.stringify(cells)), at + DIGEST);
    const differs = (cell: string, index: number) =>
      checksumOf(cell) !== this.#words[at + 2 * DIGEST + index];
    return { line, same, changed: same ? -1 : cells.findIndex(differs) };
  }

  /** The first line that nobody has taken. */
  get firstLeft(): number | undefined {
    for (let at = 0; at < this.#count * this.#width; at += this.#width)
      if (this.#lineAt(at) > 0) return this.#lineAt(at);
    return undefined;
  }

  #lineAt(at: number): number {
    return this.#words[at + this.#width - 1] ?? 0;
  }

  /** Where the person's row is named, or would be. */
  #slotOf(person: readonly number[]): number {
    const last = this.#slots.length - 1;
    for (let slot = (person[0] ?? 0) & last; ; slot = (slot + 1) & last) {
      const row = this.#slots[slot];
      if (!row || this.#holds(person, (row - 1) * this.#width)) return slot;
    }
  }

  #holds(digest: readonly number[], at: number): boolean {
    return digest.every((word, index) => this.#words[at + index] === word);
  }

  #grow(): void {
    const words = new Int32Array(2 * this.#words.length);
    words.set(this.#words);
    this.#words = words;
    this.#slots = new Int32Array(2 * this.#slots.length);
    for (let row = 1; row <= this.#count; row += 1) {
      const at = (row - 1) * this.#width;
      this.#slots[this.#slotOf([...words.subarray(at, at + DIGEST)])] = row;
    }
  }
}

const digestOf = (text: string): number[] => {
  const bytes = hash('sha256', text, 'buffer');
  return Array.from({ length: DIGEST }, (_, word) => bytes.readInt32LE(4 * word));
};

const checksumOf = (cell: string): number => crc32(cell) | 0;
