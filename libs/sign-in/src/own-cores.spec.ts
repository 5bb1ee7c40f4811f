import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { afterEach, expect, it, jest } from '@jest/globals';
import { coresOf } from '../../../test/support/scheduling.ts';
import { OwnCores } from './own-cores.ts';

afterEach(() => {
  jest.useRealTimers();
});

const isOfPool = (name: string): boolean => name.startsWith('libuv-worker');

const now = () => ({
  pool: coresOf(process.pid, isOfPool),
  others: coresOf(process.pid, (name) => !isOfPool(name)),
});

it('P18: threads that hash keep to a core each where they take all of them, and not for ten seconds once told', async () => {
  // The first file that is looked at starts them.
  await access(process.execPath);
  if (!existsSync('/usr/bin/taskset')) {
    await expect(new OwnCores(1).keep()).resolves.toBeUndefined();
    return;
  }
  const count = Number(execFileSync('nproc', { encoding: 'utf8' }));
  const before = now();
  await new OwnCores(count + 1).keep();
  const among = now();
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  const cores = new OwnCores(count);
  await cores.keep();
  const kept = now();
  await cores.leave();
  const left = now();
  jest.advanceTimersByTime(9_999);
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
  expect(new Set(kept.pool).size).toBe(Math.min(count, kept.pool.length));
  for (const one of kept.pool) expect(one).toMatch(/^\d+$/);
});
