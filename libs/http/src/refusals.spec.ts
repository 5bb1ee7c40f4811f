import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Refusals } from './refusals.ts';

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
});
afterEach(() => {
  jest.useRealTimers();
});

/** One thread: `each` is what one refusal takes of it, and `busy` the share of the time it is at work at all. */
const thread = ({ each, busy }: { readonly each: number; readonly busy: number }) => {
  let sending = 0;
  const waits: number[] = [];
  const refusals = new Refusals({}, { now: Date.now, used: () => Date.now() * busy + sending });
  const refuse = (count: number): void => {
    for (let n = 0; n < count; n++) {
      const since = Date.now();
      const response = {
        writeHead: () => response,
        end: () => {
          sending += each;
          waits.push(Date.now() - since);
        },
      };
      refusals.send({ id: 'req_1', url: '/v1/me' }, response as unknown as ServerResponse);
    }
  };
  return { refuse, waits };
};

const longest = (waits: readonly number[]): number => Math.max(...waits);

describe('P18: refusals take a share of the time, no more', () => {
  it('whoever is refused hears of it after 6 to 12 ms while that takes less', () => {
    const { refuse, waits } = thread({ each: 0.015, busy: 1 });
    for (let ms = 0; ms < 1_000; ms++) {
      refuse(4);
      jest.advanceTimersByTime(1);
    }
    jest.advanceTimersByTime(12);
    expect(waits).toHaveLength(4_000);
    expect([Math.min(...waits), longest(waits)]).toEqual([6, 11]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('many who come at once hear of it together, out of what was kept', () => {
    const { refuse, waits } = thread({ each: 0.015, busy: 1 });
    refuse(900);
    jest.advanceTimersByTime(12);
    expect(waits).toHaveLength(900);
  });

  it('where more come than it may take, all in turn, and later', () => {
    const { refuse, waits } = thread({ each: 0.04, busy: 1 });
    refuse(600);
    for (let ms = 0; ms < 2_400; ms++) {
      const before = waits.length;
      jest.advanceTimersByTime(1);
      refuse(waits.length - before);
    }
    const lastSecond = waits.slice(-3_500);
    expect(waits.length).toBeGreaterThan(6_400);
    expect(waits.length).toBeLessThan(8_000);
    expect(Math.min(...lastSecond)).toBeGreaterThan(100);
    expect(longest(lastSecond)).toBeLessThan(300);
  });

  it('where that goes on, less of the time for five of every seven and a half seconds', () => {
    const { refuse, waits } = thread({ each: 0.04, busy: 1 });
    refuse(1_000);
    const toldWithin = (milliseconds: number): number => {
      const first = waits.length;
      for (let ms = 0; ms < milliseconds; ms++) {
        const before = waits.length;
        jest.advanceTimersByTime(1);
        refuse(waits.length - before);
      }
      return (waits.length - first) / milliseconds;
    };
    const [early, late, again] = [toldWithin(2_400), toldWithin(5_000), toldWithin(2_400)] as const;
    expect(early / late).toBeGreaterThan(1.4);
    expect(again / late).toBeGreaterThan(1.4);
  });

  it('nobody waits for longer than a second', () => {
    const { refuse, waits } = thread({ each: 5, busy: 0 });
    refuse(2_000);
    jest.advanceTimersByTime(2_000);
    expect(waits).toHaveLength(2_000);
    expect(longest(waits)).toBe(1_002);
  });

  it('no more wait than there are connections', () => {
    const { refuse, waits } = thread({ each: 5, busy: 0 });
    refuse(5_000);
    jest.advanceTimersByTime(12);
    expect(5_000 - waits.length).toBeLessThanOrEqual(2_000);
    expect(5_000 - waits.length).toBeGreaterThan(1_900);
  });
});
