const FIRST_BYTES = 8_192;

/** Numbers of pages, one bit for each: of a file of a hundred gigabytes less than two megabytes. */
export class PageSet {
  #bits = new Uint8Array(FIRST_BYTES);
  #size = 0;
  /** No number that stands in an earlier byte is in it. */
  #from = 0;

  get size(): number {
    return this.#size;
  }

  add(page: number): void {
    const at = page >> 3;
    if (at >= this.#bits.length) this.#grow(at + 1);
    const bit = 1 << (page & 7);
    const byte = this.#bits[at] as number;
    if (byte & bit) return;
    this.#bits[at] = byte | bit;
    this.#size += 1;
    this.#from = Math.min(this.#from, at);
  }

  #grow(bytes: number): void {
    const bits = new Uint8Array(Math.max(bytes, 2 * this.#bits.length));
    bits.set(this.#bits);
    this.#bits = bits;
  }

  /** Takes the lowest out of it: pages that lie together come together. */
  take(count: number): number[] {
    const taken: number[] = [];
    for (let at = this.#from; this.#size > 0 && taken.length < count; at += 1) {
      this.#from = at;
      for (let bit = 0; bit < 8 && taken.length < count; bit += 1) {
        if (!((this.#bits[at] as number) & (1 << bit))) continue;
        this.#bits[at] = (this.#bits[at] as number) & ~(1 << bit);
        this.#size -= 1;
        taken.push(8 * at + bit);
      }
    }
    return taken;
  }

  clear(): void {
    this.#bits = new Uint8Array(FIRST_BYTES);
    this.#size = 0;
    this.#from = 0;
  }
}
