import { existsSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { classesOf } from '../../../test/support/scheduling.ts';
import { engineGivesWay } from './engine-gives-way.ts';

const isEngine = (name: string): boolean => name.startsWith('node-V8Worker');

it('P18: threads of the engine that are woken do not push aside the one that answers, and no other changes its class', async () => {
  await expect(engineGivesWay()).resolves.toBeUndefined();
  if (!existsSync(`/proc/${process.pid}/task`)) return;
  const batches = existsSync('/usr/bin/chrt') ? '3' : '0';
  expect(classesOf(process.pid, isEngine)).toEqual(new Set([batches]));
  expect(classesOf(process.pid, (name) => !isEngine(name))).toEqual(new Set(['0']));
});
