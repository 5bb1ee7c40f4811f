import { describe, expect, it } from '@jest/globals';
import type { Claims } from '#claims';
import type { Envelope, Execution } from '#commands';
import { Together } from '#event-store';
import type { LogHead } from '#queries';
import type { ReadModels } from '#read-models';
import { MergeLock } from './merge-lock.ts';

const execution = { load: async () => ({ state: { status: 'open' } }) } as unknown as Execution;
const sides = { mergeId: 'mrg_1', candidate: 'org_1', prime: 'org_2' };
const lockOver = (reserve: (envelope: Envelope) => unknown): MergeLock => {
  const claims = {
    reserve: async (_name: string, _request: object, envelope: Envelope) => {
      reserve(envelope);
    },
  };
  return new MergeLock(execution, claims as unknown as Claims, {} as ReadModels, {} as LogHead);
};

describe('the lock of a merge', () => {
  it('P1: the merge that begins is kept with what was reserved for it on both sides, or not at all', async () => {
    const reserved: (Together | undefined)[] = [];
    const together = new Together();
    await lockOver((envelope) => reserved.push(envelope.together)).hold(sides, 'corr', together);
    expect(reserved).toEqual([together, together]);
  });

  it('rules.md 2.8: holds both when nobody else does', async () => {
    expect(await lockOver(() => undefined).hold(sides, 'corr', new Together())).toBeUndefined();
  });
});
