import type { OnModuleDestroy } from '@nestjs/common';
import { nextPiece } from '#clock';

/** What is done after the answer, so that the answer tells nothing of it; a stopping process still finishes it. */
export class Afterwards implements OnModuleDestroy {
  readonly #underWay = new Set<Promise<void>>();
  readonly #onTrouble: (error: Error) => void;

  constructor(onTrouble: (error: Error) => void) {
    this.#onTrouble = onTrouble;
  }

  do(work: () => Promise<unknown>): void {
    const done = nextPiece()
      .then(work)
      .then(() => {}, this.#onTrouble)
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  onModuleDestroy(): Promise<void> {
    return this.idle();
  }
}
