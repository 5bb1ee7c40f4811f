import { nextPiece } from './turns.ts';

/** What one piece takes of a turn of the event loop, in milliseconds. */
const PIECE_MS = 1.5;

/** Long work is done in pieces, and after each of them others get their turn. */
export class Breath {
  readonly #now: () => number;
  #began: number;

  constructor(now = () => performance.now()) {
    this.#now = now;
    this.#began = now();
  }

  get isDue(): boolean {
    return this.#now() - this.#began >= PIECE_MS;
  }

  async take(): Promise<void> {
    await nextPiece();
    this.#began = this.#now();
  }
}
