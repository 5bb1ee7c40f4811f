import { Injectable } from '@nestjs/common';
import { isoTime } from '#clock';
import { Sandbox } from './sandbox.ts';

/** What happens in the product by itself. */
export abstract class World {
  /** When the next timer is due, if not after `until`. */
  abstract nextDueAt(until: string): Promise<string | undefined>;
  /** Fires what is due now and waits for it. */
  abstract fireDue(): Promise<void>;
  /** Waits until everything that followed has happened and can be read. */
  abstract settle(): Promise<void>;
}

/** A look at the timers outside the sandbox is as late as this. */
const STEP_MS = 1_000;

/** Moves the sandbox's clock from one due time to the next, so that later timers see what earlier ones did. */
@Injectable()
export class TimeTravel {
  readonly #sandbox: Sandbox;
  readonly #world: World;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(sandbox: Sandbox, world: World) {
    this.#sandbox = sandbox;
    this.#world = world;
  }

  /** One journey after the other. @throws RangeError beyond the times that can be told. */
  advance(milliseconds: number): Promise<number> {
    const turn = this.#turn.then(() => this.#advance(milliseconds));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #advance(milliseconds: number): Promise<number> {
    const { clock } = this.#sandbox;
    clock.assertReachable(milliseconds);
    const target = clock.now() + milliseconds;
    await this.#world.settle();
    for (;;) {
      const next = await this.#world.nextDueAt(isoTime(target));
      if (next === undefined) break;
      await this.#moveTo(Math.min(Date.parse(next) + STEP_MS, target));
      await this.#world.fireDue();
      await this.#world.settle();
    }
    await this.#moveTo(target);
    await this.#world.settle();
    return clock.now();
  }

  async #moveTo(time: number): Promise<void> {
    const missing = time - this.#sandbox.clock.now();
    if (missing > 0) await this.#sandbox.advance(missing);
  }
}
