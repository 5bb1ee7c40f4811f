export * from './breath.ts';
export * from './spare-time.ts';
export * from './turns.ts';
export * from './waiting.ts';

/** Product time: everything that decides asks here, nothing reads the machine's clock. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
}

let last = { milliseconds: 0, text: new Date(0).toISOString() };

/** Remembers the newest: many ask within one millisecond. */
export const isoTime = (milliseconds: number): string => {
  if (milliseconds !== last.milliseconds) last = { milliseconds, text: new Date(milliseconds).toISOString() };
  return last.text;
};

export const systemClock: Clock = { now: () => Date.now() };

const LAST = Date.parse('9999-01-01T00:00:00Z');

/** Machine time plus an offset that only grows. */
export class SandboxClock implements Clock {
  #offset: number;
  constructor(offset = 0) {
    this.#offset = offset;
  }
  get offset(): number {
    return this.#offset;
  }
  now(): number {
    return Date.now() + this.#offset;
  }
  /** @throws RangeError for zero or less: time does not go back. */
  assertReachable(milliseconds: number): void {
    if (!(milliseconds > 0) || !Number.isSafeInteger(milliseconds))
      throw new RangeError('clock cannot go back');
    if (this.now() + milliseconds > LAST) throw new RangeError('clock cannot go beyond the year 9999');
  }
  /** @throws RangeError as `assertReachable`. */
  advance(milliseconds: number): number {
    this.assertReachable(milliseconds);
    this.#offset += milliseconds;
    return this.now();
  }
}
