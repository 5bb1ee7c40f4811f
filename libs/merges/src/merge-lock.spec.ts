import { describe, expect, it } from '@jest/globals';
import type { Claims } from '#claims';
import type { Envelope, Execution } from '#commands';
import type { LogHead } from '#queries';
import type { ReadModels } from '#read-models';
import { MergeLock } from './merge-lock.ts';

const execution = { load: async () => ({ state: { status: 'open' } }) } as unknown as Execution;
const sides = { mergeId: 'mrg_1', candidate: 'org_1', prime: 'org_2' };
const lockOver = (reserve: (envelope: Envelope) => void): MergeLock => {
  const claims = {
    reserve: async (_name: string, _request: object, envelope: Envelope) => reserve(envelope),
  };
  return new MergeLock(execution, claims as unknown as Claims, {} as ReadModels, {} as LogHead);
};

describe('the lock of a merge', () => {
  it('P1: holds nothing whose reservation does not reach the disk', async () => {
    const lock = lockOver(({ together }) => together?.add(Promise.reject(new Error('the disk is full'))));
    await expect(lock.hold(sides, 'corr')).rejects.toThrow('the disk is full');
  });

  it('rules.md 2.8: holds both when nobody else does', async () => {
    expect(await lockOver(() => undefined).hold(sides, 'corr')).toBeUndefined();
  });
});
