import { afterEach, describe, expect, it } from '@jest/globals';
import { ImportRunner } from './import-runner.ts';

type Parts = ConstructorParameters<typeof ImportRunner>;

describe('the runner of imports', () => {
  let runner: ImportRunner;
  afterEach(() => runner.stop());

  const running = (load: (importId: string) => object, unfinished: readonly object[], reach: () => void) =>
    new ImportRunner(
      {
        load: async (_decider: unknown, importId: string) => ({ state: load(importId) }),
      } as unknown as Parts[0],
      {
        reach: async () => reach(),
        every: () => unfinished,
      } as unknown as Parts[1],
      { head: async () => 7 },
      {} as Parts[3],
      {} as Parts[4],
      {} as Parts[5],
      () => {},
    );

  it('P16: an import that cannot go on holds up no other one', async () => {
    const seen = new Map<string, number>();
    let done: () => void = () => {};
    const other = new Promise<void>((resolve) => {
      done = resolve;
    });
    runner = running(
      (importId) => {
        seen.set(importId, (seen.get(importId) ?? 0) + 1);
        if (importId === 'imp_broken') throw new Error('unreadable');
        done();
        return { status: 'unknown' };
      },
      [],
      () => {},
    );
    runner.ring('imp_broken', 'event-1');
    runner.ring('imp_whole', 'event-2');
    runner.start();
    await other;
    expect(seen.get('imp_broken')).toBe(1);
  });

  it('P16: after a start what is unfinished is looked for when the read model shows the whole log', async () => {
    const steps: string[] = [];
    let behind = 1;
    runner = running(
      (importId) => {
        steps.push(importId);
        return { status: 'unknown' };
      },
      [{ importId: 'imp_1', openedBy: 'event-1' }],
      () => {
        steps.push('reach');
        if (behind-- > 0) throw new Error('behind');
      },
    );
    runner.start();
    while (!steps.includes('imp_1')) await new Promise(setImmediate);
    expect([...new Set(steps)]).toEqual(['reach', 'imp_1']);
    expect(steps.filter((step) => step === 'reach')).toHaveLength(2);
  });
});
