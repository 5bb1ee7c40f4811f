import { setImmediate as nextTurn } from 'node:timers/promises';

/** What one piece takes of a turn of the event loop, in milliseconds. */
const PIECE_MS = 1.5;

/** Long work is done in pieces, and after each of them others get their turn. */
export class Breath {
  #began = performance.now();

  get isDue(): boolean {
    return performance.now() - this.#began >= PIECE_MS;
  }

  async take(): Promise<void> {
    await nextTurn();
    this.#began = performance.now();
  }
}
