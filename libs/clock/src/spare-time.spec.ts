import { beforeEach, describe, expect, it } from '@jest/globals';
import { SpareTime, type Work } from './spare-time.ts';

describe('the time that nobody else wants', () => {
  let now: number;
  let waiting: ((allowed: number) => Promise<void>)[];
  let spareTime: SpareTime;
  let steps: string[];

  beforeEach(() => {
    now = 1_000;
    waiting = [];
    steps = [];
    spareTime = new SpareTime({
      now: () => now,
      piece: (work) => waiting.push(work),
      afterwards: () => new Promise((resolve) => setImmediate(resolve)),
    });
  });

  const taking = async (name: string, milliseconds: number, work: Work = 'imports'): Promise<void> => {
    await spareTime.turn(work);
    steps.push(name);
    now += milliseconds;
  };
  /** @returns what was done in it */
  const piece = async (allowed = 0): Promise<string[]> => {
    const before = steps.length;
    await waiting.shift()?.(allowed);
    return steps.slice(before);
  };

  it('P16: takes as many steps as a piece holds, in order, and goes on in the next', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) void taking(name, 0.2);
    expect(steps).toEqual([]);
    expect([await piece(), await piece(), await piece()]).toEqual([['a', 'b', 'c'], ['d', 'e'], []]);
  });

  it('P16: goes on for as long as it is allowed to where that is longer', async () => {
    for (const name of ['a', 'b', 'c', 'd']) void taking(name, 1);
    expect(await piece(2.5)).toEqual(['a', 'b', 'c']);
  });

  it('P16: a step that takes longer than a piece is the only one of it', async () => {
    for (const name of ['a', 'b']) void taking(name, 3);
    expect([await piece(), await piece()]).toEqual([['a'], ['b']]);
  });

  it('P16: what comes in the middle of a piece takes the rest of it', async () => {
    void taking('a', 0.2).then(() => taking('b', 0.2));
    expect([await piece(), await piece()]).toEqual([['a', 'b'], []]);
  });

  it('P16: asks for no more pieces than one at a time', () => {
    for (const name of ['a', 'b']) void taking(name, 1);
    expect(waiting.length).toBe(1);
  });

  it('P17: what has begun goes on before anything else begins', async () => {
    void spareTime.turnToBegin('imports').then(() => steps.push('begins'));
    for (const name of ['a', 'b']) void taking(name, 2);
    expect([await piece(), await piece(), await piece()]).toEqual([['a'], ['b'], ['begins']]);
  });

  it('P16, DOM-15: works of different kinds have the same of it, also what begins beside what goes on', async () => {
    const working = async (name: string, milliseconds: number, work: Work): Promise<void> => {
      for (;;) await taking(name, milliseconds, work);
    };
    void working('lapse', 3, 'domains');
    const rows = Array.from({ length: 9 }, async () => {
      await spareTime.turnToBegin('imports');
      steps.push('row');
      now += 0.5;
    });
    while (steps.length < 12) await piece();
    const rowsTold = steps
      .join(' ')
      .split('lapse')
      .map((some) => some.split('row').length - 1);
    expect(rowsTold.slice(0, 3)).toEqual([1, 7, 1]);
    await Promise.all(rows);
  });

  it('P16: who had nothing to do is owed nothing for it', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) void taking(name, 1);
    for (let pieces = 0; pieces < 3; pieces += 1) await piece();
    for (const name of ['l', 'm', 'n']) void taking(name, 1, 'domains');
    while (waiting.length > 0) await piece();
    expect(steps).toEqual(['a', 'b', 'c', 'd', 'l', 'e', 'm', 'f', 'n']);
  });
});
