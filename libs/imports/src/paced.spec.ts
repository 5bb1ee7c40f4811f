import { expect, it } from '@jest/globals';
import { paced } from './paced.ts';

async function* numbers(count: number): AsyncGenerator<number> {
  for (let n = 0; n < count; n += 1) yield n;
}

it('P16: rows are taken no faster than the pace, all of them and in order', async () => {
  const began = performance.now();
  const taken: number[] = [];
  const { signal } = new AbortController();
  for await (const n of paced(numbers(50), { perSecond: 500, windowMs: 20 }, signal)) taken.push(n);
  expect(taken).toEqual(Array.from({ length: 50 }, (_, n) => n));
  expect(performance.now() - began).toBeGreaterThanOrEqual(55);
});

it('P16: where a turn comes late, because others need the time, the pace is kept from there on', async () => {
  const began = performance.now();
  const { signal } = new AbortController();
  for await (const n of paced(numbers(50), { perSecond: 500, windowMs: 20 }, signal))
    while (n === 0 && performance.now() < began + 100);
  expect(performance.now() - began).toBeGreaterThanOrEqual(155);
});

it('P16: whoever stops does not wait for the pace', async () => {
  const taken: number[] = [];
  for await (const n of paced(numbers(5), { perSecond: 1, windowMs: 1_000 }, AbortSignal.abort()))
    taken.push(n);
  expect(taken).toEqual([0, 1, 2, 3, 4]);
});
