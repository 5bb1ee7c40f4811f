type Work = () => void;

/**
 * Turns of the event loop are given out here: whoever has just come goes before all work that can wait, and of that work
 * one piece is done in a turn, so that whoever comes meanwhile waits for one piece and not for all that is to be done.
 */
export class Turns {
  readonly #comers: Work[] = [];
  readonly #pieces: Work[] = [];
  #isPieceDue = false;
  readonly #nextTurn: (work: Work) => void;

  constructor(nextTurn: (work: Work) => void = setImmediate) {
    this.#nextTurn = nextTurn;
  }

  /** In this turn still when it is asked for by something that arrived. */
  first(work: Work): void {
    this.#comers.push(work);
    this.#nextTurn(() => this.#take());
  }

  /** After all pieces that wait already, each in a turn of its own. */
  piece(work: Work): void {
    this.#pieces.push(work);
    this.#makeDue();
  }

  #makeDue(): void {
    if (this.#isPieceDue || this.#pieces.length === 0) return;
    this.#isPieceDue = true;
    this.#nextTurn(() => this.#take());
  }

  /** Whatever this place in the turn was asked for: it is taken by who comes first now. */
  #take(): void {
    const work = this.#comers.shift() ?? this.#duePiece();
    work?.();
  }

  #duePiece(): Work | undefined {
    this.#isPieceDue = false;
    const piece = this.#pieces.shift();
    this.#makeDue();
    return piece;
  }
}

/** Those of this thread. */
export const turns = new Turns();

/** For long work on a thread that others wait for: resolves when its next piece has its turn. */
export const nextPiece = (): Promise<void> => new Promise((resolve) => turns.piece(resolve));
