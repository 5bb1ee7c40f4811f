import { beforeEach, describe, expect, it } from '@jest/globals';
import { SpareTime } from './spare-time.ts';

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

  const taking = async (name: string, milliseconds: number): Promise<void> => {
    await spareTime.turn();
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
      await spareTime.turnToBegin();
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
});
