import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { engineGivesWay } from './engine-gives-way.ts';

/** Of the scheduler, of the threads of this process: 0 is the usual one, 3 that of batches. */
const classes = (isEngine: boolean): readonly (string | undefined)[] =>
  readdirSync('/proc/self/task')
    .map((thread) => readFileSync(`/proc/self/task/${thread}/stat`, 'utf8'))
    .filter((stat) => stat.includes('(node-V8Worker') === isEngine)
    .map((stat) => stat.slice(stat.lastIndexOf(')')).split(' ')[39]);

it('P18: threads of the engine that are woken do not push aside the one that answers, and no other changes its class', async () => {
  await engineGivesWay();
  if (!existsSync('/proc/self/task') || !existsSync('/usr/bin/chrt')) return;
  expect([new Set(classes(true)), new Set(classes(false))]).toEqual([new Set(['3']), new Set(['0'])]);
});
