import { systemClock } from '#clock';
import { TimerRunner } from '#timers';
import type { Product } from './product.ts';

/** The machine's clock, moved for every product of this process: forwards, backwards, as clocks do. */
export class ShiftedClock {
  readonly #true = systemClock.now;
  #shift = 0;

  constructor() {
    systemClock.now = () => this.#true() + this.#shift;
  }

  now(): number {
    return systemClock.now();
  }

  shift(milliseconds: number): void {
    this.#shift += milliseconds;
  }

  /** Whatever is due by this clock has been fired when it resolves. */
  async look({ serving }: Product): Promise<void> {
    await serving.app.get(TimerRunner).fireDue();
  }

  restore(): void {
    systemClock.now = this.#true;
  }
}
