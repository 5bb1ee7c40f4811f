/** Which rows of a report are chosen: one bit for every row, as text for the log. */
export class Selection {
  readonly #bits: Uint8Array | null;

  private constructor(bits: Uint8Array | null) {
    this.#bits = bits;
  }

  /** `null` is all of them. */
  static read(text: string | null): Selection {
    return new Selection(text === null ? null : Buffer.from(text, 'base64url'));
  }

  static of(rows: Iterable<number>, total: number): Selection {
    const bits = new Uint8Array(Math.ceil(total / 8));
    for (const row of rows) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
    return new Selection(bits);
  }

  has(row: number): boolean {
    return this.#bits === null || (((this.#bits[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
  }

  get text(): string {
    return Buffer.from(this.#bits ?? []).toString('base64url');
  }
}
