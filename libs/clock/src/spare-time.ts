/** What such work takes of one turn of the event loop, in milliseconds. */
const SHARE_MS = 1;
/** While somebody asks, from the beginning of one share to that of the next: the rest is theirs. */
const EVERY_MS = 8;
/** Whoever was answered so long ago is not asking any more. */
const ASKING_MS = 20;

/** The event loop and its time. */
export interface Loop {
  /** In milliseconds. */
  now(): number;
  nextTurn(work: () => void): void;
  later(work: () => void, milliseconds: number): void;
  /** In this turn, after everything that has been set going. */
  afterwards(work: () => void): void;
}

const machine: Loop = {
  now: () => performance.now(),
  nextTurn: setImmediate,
  later: setTimeout,
  afterwards: (work) => queueMicrotask(() => process.nextTick(work)),
};

/**
 * Work whose end nobody waits for goes on step by step, in turn: as many steps in one turn of the event loop as its share
 * holds, one share after the other while nobody asks for anything, and seldom while somebody does.
 */
export class SpareTime {
  readonly #loop: Loop;
  #waiting: (() => void)[] = [];
  #isAwaited = false;
  #began = Number.NEGATIVE_INFINITY;
  #taken = 0;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(loop = machine) {
    this.#loop = loop;
  }

  /** Somebody was answered, and may ask again. */
  asked(): void {
    this.#askedAt = this.#loop.now();
  }

  /** Resolves when the caller may take the next step, which ends where it waits for something. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#isAwaited) this.#await();
    });
  }

  #await(): void {
    this.#isAwaited = true;
    const now = this.#loop.now();
    const rest = this.#began + EVERY_MS - now;
    const isTheirs = this.#taken >= SHARE_MS && rest > 0 && now - this.#askedAt < ASKING_MS;
    if (isTheirs) this.#loop.later(() => this.#begin(), Math.ceil(rest));
    else this.#loop.nextTurn(() => this.#begin());
  }

  #begin(): void {
    const now = this.#loop.now();
    if (this.#taken >= SHARE_MS || now - this.#began >= EVERY_MS) {
      this.#began = now;
      this.#taken = 0;
    }
    const steps = this.#waiting;
    this.#waiting = [];
    this.#step(steps, 0, now);
  }

  #step(steps: (() => void)[], next: number, since: number): void {
    const now = this.#loop.now();
    this.#taken += now - since;
    if (next < steps.length && this.#taken < SHARE_MS) {
      steps[next]?.();
      this.#loop.afterwards(() => this.#step(steps, next + 1, now));
      return;
    }
    this.#waiting = [...steps.slice(next), ...this.#waiting];
    this.#isAwaited = false;
    if (this.#waiting.length > 0) this.#await();
  }
}
