/** Keeps the most recently used entries. */
export class StreamCache<Value> {
  readonly #limit: number;
  readonly #entries = new Map<string, Value>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(stream: string): Value | undefined {
    const value = this.#entries.get(stream);
    if (value !== undefined) {
      this.#entries.delete(stream);
      this.#entries.set(stream, value);
    }
    return value;
  }

  set(stream: string, value: Value): void {
    this.#entries.delete(stream);
    this.#entries.set(stream, value);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limit) break;
      this.#entries.delete(oldest);
    }
  }

  delete(stream: string): void {
    this.#entries.delete(stream);
  }
}
