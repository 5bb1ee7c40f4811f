import { describe, expect, it } from '@jest/globals';
import { StorageFailure } from '#sqlite';
import { inTime } from './in-time.ts';

const forEver = () => new Promise<never>(() => {});

describe('what MongoDB is asked', () => {
  it('that is never answered is told as an outage', async () => {
    await expect(inTime(1, forEver())).rejects.toThrow(StorageFailure);
  });

  it('that is answered or refused is handed on', async () => {
    await expect(inTime(60_000, Promise.resolve(7))).resolves.toBe(7);
    await expect(inTime(60_000, Promise.reject(new TypeError('no')))).rejects.toThrow(TypeError);
  });
});
