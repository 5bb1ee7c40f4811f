import { describe, expect, it } from '@jest/globals';
import { isoTime, SandboxClock } from '#clock';
import type { Sandbox } from './sandbox.ts';
import { TimeTravel, World } from './time-travel.ts';

const HOUR = 3_600_000;

/** Things due at hours from the beginning; what happens may make more of them due. */
const journey = (due: number[], then: (hour: number) => number[] = () => []) => {
  const clock = new SandboxClock();
  const began = clock.now();
  const happened: number[] = [];
  const late: number[] = [];
  class Told extends World {
    async nextDueAt(until: string) {
      const next = Math.min(...due) * HOUR + began;
      return Number.isFinite(next) && isoTime(next) <= until ? isoTime(next) : undefined;
    }
    async fireDue() {
      const now = clock.now();
      for (const hour of due.filter((one) => one * HOUR + began <= now).toSorted((a, b) => a - b)) {
        due.splice(due.indexOf(hour), 1);
        happened.push(hour);
        late.push(now - hour * HOUR - began);
        due.push(...then(hour));
      }
    }
    async settle() {}
  }
  const sandbox = { clock, advance: async (by: number) => clock.advance(by) } as unknown as Sandbox;
  return { travel: new TimeTravel(sandbox, new Told()), clock, happened, late };
};

describe('moving the clock of the sandbox', () => {
  it('stops at every due time, in order, no later than a second after it', async () => {
    const { travel, clock, happened, late } = journey([30, 1, 7, 700]);
    const began = clock.now();
    expect(await travel.advance(48 * HOUR)).toBeGreaterThanOrEqual(began + 48 * HOUR);
    expect(happened).toEqual([1, 7, 30]);
    expect(Math.max(...late)).toBeLessThan(2_000);
  });

  it('what one thing made due on the way happens on the way', async () => {
    const { travel, happened } = journey([1], (hour) => (hour < 100 ? [hour * 10] : []));
    await travel.advance(50 * HOUR);
    expect(happened).toEqual([1, 10]);
    await travel.advance(500 * HOUR);
    expect(happened).toEqual([1, 10, 100]);
  });

  it('two who move it at once move it one after the other', async () => {
    const { travel, clock } = journey([1, 2, 3]);
    const began = clock.now();
    await Promise.all([travel.advance(2 * HOUR), travel.advance(2 * HOUR)]);
    expect(clock.now() - began).toBeGreaterThanOrEqual(4 * HOUR);
  });

  it('never goes back, and nothing happens when it cannot go there', async () => {
    const { travel, clock, happened } = journey([1]);
    const { offset } = clock;
    for (const by of [0, -1, Number.MAX_SAFE_INTEGER])
      await expect(travel.advance(by)).rejects.toThrow(RangeError);
    expect([clock.offset, happened]).toEqual([offset, []]);
  });
});
