/** Whoever asks goes on in a turn of the event loop of their own: what arrives meanwhile is heard between two of them. */
export class OneATurn {
  readonly #waiting: (() => void)[] = [];
  readonly #nextTurn: (work: () => void) => void;

  constructor(nextTurn: (work: () => void) => void = setImmediate) {
    this.#nextTurn = nextTurn;
  }

  /** Not the turn in which it is asked for: that one has work of its own. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) this.#nextTurn(() => this.#arm());
    });
  }

  #arm(): void {
    this.#nextTurn(() => this.#letOneGoOn());
  }

  /** The next turn is asked for first: what both write is then committed together. */
  #letOneGoOn(): void {
    if (this.#waiting.length > 1) this.#arm();
    this.#waiting.shift()?.();
  }
}
