import { expect, it } from '@jest/globals';
import { Breath } from './breath.ts';

it('others get their turn when a piece of long work is done, and not before', async () => {
  let now = 0;
  const breath = new Breath(() => now);
  let turns = 0;
  setImmediate(() => {
    turns += 1;
  });
  now = 1;
  expect(breath.isDue).toBe(false);
  now = 2;
  expect(breath.isDue).toBe(true);
  await breath.take();
  expect([turns, breath.isDue]).toEqual([1, false]);
});
