import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Scratch, scratchDocuments } from '../../../test/support/scratch-documents.ts';
import { SharedLease } from './lease.ts';

describe('the lease', () => {
  let scratch: Scratch;
  let elapsed = 0;
  const process = () => new SharedLease(scratch.store, 'timers', { staleMs: 5_000, elapsed: () => elapsed });

  beforeEach(async () => {
    elapsed = 0;
    scratch = await scratchDocuments();
  });
  afterEach(() => scratch.close());

  it('one of two processes holds it, as long as it says so', async () => {
    const [first, second] = [process(), process()];
    expect(await first.hold()).toBe(true);
    for (let tick = 0; tick < 20; tick += 1) {
      elapsed += 1_000;
      expect([await first.hold(), await second.hold()]).toEqual([true, false]);
    }
  });

  it('of two who begin at once one gets it', async () => {
    const held = await Promise.all([process().hold(), process().hold(), process().hold()]);
    expect(held.filter((got) => got)).toHaveLength(1);
  });

  it('one that stands still for five seconds is free, and its holder learns that', async () => {
    const [first, second] = [process(), process()];
    await first.hold();
    expect(await second.hold()).toBe(false);
    elapsed += 4_999;
    expect(await second.hold()).toBe(false);
    elapsed += 1;
    expect(await second.hold()).toBe(true);
    expect(await first.hold()).toBe(false);
  });

  it('what is given back is free at once; what is not held cannot be given back', async () => {
    const [first, second] = [process(), process()];
    await first.hold();
    await second.release();
    expect(await second.hold()).toBe(false);
    await first.release();
    expect(await second.hold()).toBe(true);
  });
});
