/** Told for how many milliseconds it may go on, if that is longer than a piece; over when it returns, or when that resolves. */
type Piece = (allowed: number) => void | Promise<void>;

/** Of the time that it has waited for others, work that can wait may take as much at least. */
const SHARE = 1 / 5;
/** No more than this in one turn, in milliseconds, also after one that took very long. */
const MOST_MS = 10;

/** The event loop and its time. */
export interface Loop {
  /** In milliseconds. */
  now(): number;
  nextTurn(work: () => void): void;
  /** Resolves in this turn, after everything that has been set going. */
  afterwards(): Promise<void>;
}

export const eventLoop: Loop = {
  now: () => performance.now(),
  nextTurn: setImmediate,
  afterwards: () => new Promise((resolve) => queueMicrotask(() => process.nextTick(resolve))),
};

/**
 * Turns of the event loop are given out here: whoever has just come goes before all work that can wait, and of that work
 * one piece is done in a turn, so that whoever comes meanwhile does not wait for all that is to be done. Where turns are
 * long it gets a share of them all the same.
 */
export class Turns {
  readonly #loop: Loop;
  readonly #comers = new Set<() => void>();
  /** Those who came in this turn have begun: whoever is there now is for the next. */
  #haveBegun = false;
  readonly #pieces: Piece[] = [];
  #isPieceDue = false;
  #dueSince = 0;

  constructor(loop = eventLoop) {
    this.#loop = loop;
  }

  /** In this turn still when it is asked for by something that arrived. */
  first(work: () => void): void {
    const comer = () => work();
    this.#comers.add(comer);
    this.#loop.nextTurn(() => {
      if (!this.#comers.delete(comer)) return;
      this.#haveBegun = true;
      comer();
    });
  }

  /** After all pieces that wait already. */
  piece(work: Piece): void {
    this.#pieces.push(work);
    if (!this.#isPieceDue) this.#makeDue();
  }

  #makeDue(): void {
    this.#isPieceDue = true;
    this.#haveBegun = false;
    this.#dueSince = this.#loop.now();
    this.#loop.nextTurn(() => void this.#doPieces());
  }

  /** What pieces leave to be done is for the next turn. */
  async #doPieces(): Promise<void> {
    if (!this.#haveBegun && this.#comers.size > 0) await this.#beginAll();
    const begun = this.#loop.now();
    const allowed = Math.min((begun - this.#dueSince) * SHARE, MOST_MS);
    let waiting = this.#pieces.length;
    try {
      do {
        await this.#pieces.shift()?.(allowed);
        await this.#loop.afterwards();
        waiting -= 1;
      } while (waiting > 0 && this.#loop.now() - begun < allowed);
    } finally {
      this.#isPieceDue = false;
      if (this.#pieces.length > 0) this.#makeDue();
    }
  }

  #beginAll(): Promise<void> {
    const comers = [...this.#comers];
    this.#comers.clear();
    for (const comer of comers) comer();
    return this.#loop.afterwards();
  }
}

/** Those of this thread. */
export const turns = new Turns();

/** For long work on a thread that others wait for: resolves when its next piece has its turn. */
export const nextPiece = (): Promise<void> => new Promise((resolve) => turns.piece(() => resolve()));
