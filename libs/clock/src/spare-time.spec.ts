import { beforeEach, describe, expect, it } from '@jest/globals';
import { SpareTime, type Work } from './spare-time.ts';

describe('the time that nobody else wants', () => {
  let now: number;
  /** What was put off, and by how many milliseconds. */
  let putOff: { readonly work: () => void; readonly by: number }[];
  let spareTime: SpareTime;
  let steps: string[];

  beforeEach(() => {
    now = 1_000;
    putOff = [];
    steps = [];
    spareTime = new SpareTime({
      now: () => now,
      nextTurn: (work) => putOff.push({ work, by: 0 }),
      later: (work, by) => putOff.push({ work, by }),
      afterwards: (work) => queueMicrotask(() => queueMicrotask(() => queueMicrotask(work))),
    });
  });

  const taking = async (name: string, milliseconds: number, work: Work = 'imports'): Promise<void> => {
    await spareTime.turn(work);
    steps.push(name);
    now += milliseconds;
  };
  /** @returns how long it had to wait for its turn */
  const share = async (): Promise<number | undefined> => {
    const next = putOff.shift();
    now += next?.by ?? 0;
    next?.work();
    await new Promise((resolve) => setImmediate(resolve));
    return next?.by;
  };

  it('P16: takes as many steps in one turn as a piece holds, in order, and goes on in the next', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) void taking(name, 0.2);
    expect(steps).toEqual([]);
    expect(await share()).toBe(0);
    expect(steps).toEqual(['a', 'b', 'c']);
    expect(await share()).toBe(0);
    expect(steps).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(await share()).toBeUndefined();
  });

  it('P16: while somebody asks, a share is some pieces in a row, and the rest of twelve milliseconds is theirs', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) void taking(name, 1);
    spareTime.asked();
    expect([await share(), await share(), await share()]).toEqual([0, 0, 0]);
    expect(steps).toEqual(['a', 'b', 'c']);
    expect(await share()).toBe(9);
    expect(steps).toEqual(['a', 'b', 'c', 'd']);
  });

  it('P16: a step that takes longer than a share is not made up for', async () => {
    for (const name of ['a', 'b', 'c']) void taking(name, 3);
    spareTime.asked();
    expect(await share()).toBe(0);
    expect(await share()).toBe(9);
    now += 15;
    expect(await share()).toBe(9);
    expect(steps).toEqual(['a', 'b', 'c']);
  });

  it('P16: whoever was answered long ago is waited for no longer', async () => {
    for (const name of ['a', 'b', 'c']) void taking(name, 3);
    spareTime.asked();
    now += 19;
    expect([await share(), await share(), await share()]).toEqual([0, 0, 0]);
    expect(steps).toEqual(['a', 'b', 'c']);
  });

  it('P16: what comes while a share is not used up takes the rest of it', async () => {
    void taking('a', 2);
    spareTime.asked();
    await share();
    void taking('b', 1);
    void taking('c', 1);
    expect([await share(), await share()]).toEqual([0, 9]);
    expect(steps).toEqual(['a', 'b', 'c']);
  });

  it('P17: what has begun goes on before anything else begins', async () => {
    const beginning = async (): Promise<void> => {
      await spareTime.turnToBegin('imports');
      steps.push('begins');
      now += 2;
    };
    void beginning();
    for (const name of ['a', 'b']) void taking(name, 2);
    await share();
    await share();
    expect(steps).toEqual(['a', 'b']);
    await share();
    expect(steps).toEqual(['a', 'b', 'begins']);
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
    while (steps.length < 12) {
      spareTime.asked();
      await share();
    }
    const rowsTold = steps
      .join(' ')
      .split('lapse')
      .map((some) => some.split('row').length - 1);
    expect(rowsTold.slice(0, 3)).toEqual([1, 7, 1]);
    await Promise.all(rows);
  });

  it('P16: who had nothing to do is owed nothing for it', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) void taking(name, 1);
    for (let pieces = 0; pieces < 3; pieces += 1) await share();
    for (const name of ['l', 'm', 'n']) void taking(name, 1, 'domains');
    while (putOff.length > 0) await share();
    expect(steps).toEqual(['a', 'b', 'c', 'd', 'l', 'e', 'm', 'f', 'n']);
  });
});
