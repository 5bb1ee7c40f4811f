import { access } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, expect, it, jest } from '@jest/globals';
import { coresOf, coresToPut } from '../../../test/support/scheduling.ts';
import { OwnCores } from './own-cores.ts';

afterEach(() => {
  jest.useRealTimers();
});

const isOfPool = (name: string): boolean => name.startsWith('libuv-worker');

const now = () => ({
  pool: coresOf(process.pid, isOfPool),
  others: coresOf(process.pid, (name) => !isOfPool(name)),
});

it('P18: threads that hash keep to a core each where they take all of them, and not for half a second once told', async () => {
  // The first file that is looked at starts them.
  await access(process.execPath);
  const { length: count } = coresToPut();
  if (count === 0) {
    await expect(new OwnCores(undefined, 1).keep()).resolves.toBeUndefined();
    return;
  }
  const before = now();
  const more = new OwnCores(process.pid, count + 1);
  await more.keep();
  await more.leave();
  const among = now();
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  const cores = new OwnCores(process.pid, count);
  await cores.keep();
  const kept = now();
  await cores.leave();
  const left = now();
  jest.advanceTimersByTime(499);
  await cores.keep();
  const later = now();
  jest.advanceTimersByTime(1);
  await cores.keep();
  const again = now();
  await cores.leave();
  expect({ among, others: kept.others, left, later, again, last: now() }).toEqual({
    among: before,
    others: before.others,
    left: before,
    later: before,
    again: kept,
    last: before,
  });
  expect(kept.pool.length).toBeGreaterThan(0);
  expect(new Set(kept.pool).size).toBe(Math.min(count, kept.pool.length));
  for (const one of kept.pool) expect(one).toMatch(/^\d+$/);
});

it('P18: they rest for twice as long where they have kept to their cores for less than that, up to ten seconds', async () => {
  const { length: count } = coresToPut();
  if (count === 0) {
    await expect(new OwnCores(undefined, 1).leave()).resolves.toBeUndefined();
    return;
  }
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  const cores = new OwnCores(process.pid, count);
  const rested = async (keptFor: number): Promise<number> => {
    await cores.keep();
    const kept = now().pool;
    jest.advanceTimersByTime(keptFor);
    await cores.leave();
    for (let rest = 0; ; rest += 250) {
      await cores.keep();
      if (isDeepStrictEqual(now().pool, kept)) return rest;
      jest.advanceTimersByTime(250);
    }
  };
  // The first file that is looked at starts them.
  await access(process.execPath);
  const rests: number[] = [];
  for (const keptFor of [5_000, 499, 999, 1_999, 0, 0, 0, 9_999, 10_000, 500])
    rests.push(await rested(keptFor));
  await cores.leave();
  expect(rests).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000, 500, 500]);
});
