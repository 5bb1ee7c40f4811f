import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { sourceOf } from '#http';
import type { DocumentStore, StoredDocument } from '#read-models';
import { MasterKey } from '#tokens';
import { type Scratch, scratchDocuments } from '../../../test/support/scratch-documents.ts';
import { GuessLimits, guessIndexes, RateLimit, rateIndexes } from './index.ts';

const minute = 60_000;
const master = new MasterKey(Buffer.alloc(32, 1));

let scratch: Scratch;
let store: DocumentStore;
let now: number;
const clock = { now: () => now };
beforeEach(async () => {
  scratch = await scratchDocuments({ guesses: guessIndexes, rates: rateIndexes });
  store = scratch.store;
  now = Date.UTC(2026, 0, 1);
});
afterEach(() => scratch.close());

const guess = async (limits: GuessLimits, person: string | undefined, source: string, times: number) => {
  let allowed = 0;
  for (let count = 0; count < times; count++) if ((await limits.check(person, source)).allowed) allowed++;
  return allowed;
};

describe('limits of guessing', () => {
  it('P14: 10 failures in 15 minutes per person and source; the person elsewhere signs in as ever', async () => {
    const limits = new GuessLimits(store, master, clock);
    expect(await guess(limits, 'ada', '192.0.2.1', 30)).toBe(10);
    expect(await limits.check('ada', '192.0.2.1')).toEqual({
      allowed: false,
      reason: 'person_and_source',
      retryAfterSeconds: 900,
    });
    expect(await limits.check('ada', '192.0.2.2')).toEqual({ allowed: true });
    await limits.succeeded('ada', '192.0.2.2');
    now += 15 * minute - 1;
    expect(await limits.check('ada', '192.0.2.1')).toMatchObject({ retryAfterSeconds: 1 });
    now += 1;
    expect(await guess(limits, 'ada', '192.0.2.1', 30)).toBe(10);
  });

  it('P14: never more than 10 in any 15 minutes, however they are spread', async () => {
    const limits = new GuessLimits(store, master, clock);
    const allowed: number[] = [];
    for (let step = 0; step < 120; step++) {
      if ((await limits.check('ada', '192.0.2.1')).allowed) allowed.push(now);
      now += 31_000;
    }
    const most = Math.max(
      ...allowed.map((start) => allowed.filter((time) => time >= start && time < start + 15 * minute).length),
    );
    expect(most).toBe(10);
  });

  it('P14: 50 failures in 15 minutes per source, whoever they are about', async () => {
    const limits = new GuessLimits(store, master, clock);
    let allowed = 0;
    for (let person = 0; person < 200; person++)
      if ((await limits.check(`person ${person}`, '192.0.2.1')).allowed) allowed++;
    expect(allowed).toBe(50);
    expect(await limits.check('fresh', '192.0.2.1')).toMatchObject({ allowed: false, reason: 'source' });
    expect(await limits.check(undefined, '192.0.2.1')).toMatchObject({ allowed: false, reason: 'source' });
    expect(await limits.check('fresh', '192.0.2.9')).toEqual({ allowed: true });
  });

  it('P14: 100 in a row from anywhere, then only a reset by mail', async () => {
    const limits = new GuessLimits(store, master, clock);
    let allowed = 0;
    for (let source = 1; source <= 30; source++)
      allowed += await guess(limits, 'ada', `198.51.100.${source}`, 10);
    expect(allowed).toBe(100);
    now += 400 * 24 * 60 * minute;
    await limits.removeExpired();
    const refused = await limits.check('ada', '203.0.113.1');
    expect(refused).toMatchObject({ allowed: false, reason: 'reset_required' });
    expect(await limits.check('bob', '203.0.113.1')).toEqual({ allowed: true });
    await limits.reset('ada');
    expect(await limits.check('ada', '203.0.113.1')).toEqual({ allowed: true });
  });

  it('99 failures and the right password begin a new row', async () => {
    const limits = new GuessLimits(store, master, clock);
    for (let round = 0; round < 3; round++) {
      for (let source = 1; source <= 11; source++) await guess(limits, 'ada', `198.51.100.${source}`, 9);
      expect(await limits.check('ada', '203.0.113.1')).toEqual({ allowed: true });
      await limits.succeeded('ada', '203.0.113.1');
      now += 15 * minute;
    }
  });

  it('a success does not free the source for guessing others', async () => {
    const limits = new GuessLimits(store, master, clock);
    for (let person = 0; person < 49; person++) await limits.check(`person ${person}`, '192.0.2.1');
    for (let round = 0; round < 5; round++) {
      expect(await limits.check('mallory', '192.0.2.1')).toEqual({ allowed: true });
      await limits.succeeded('mallory', '192.0.2.1');
    }
    expect(await limits.check('ada', '192.0.2.1')).toEqual({ allowed: true });
    expect(await limits.check('bob', '192.0.2.1')).toMatchObject({ allowed: false, reason: 'source' });
  });

  it('P14: 500 tries at once get no further than one after the other', async () => {
    const limits = new GuessLimits(store, master, clock);
    const all = await Promise.all(Array.from({ length: 500 }, () => limits.check('ada', '192.0.2.1')));
    expect(all.filter(({ allowed }) => allowed)).toHaveLength(10);
  });

  it('P14: two processes on one store get no further together', async () => {
    const two = [new GuessLimits(store, master, clock), new GuessLimits(store, master, clock)];
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, index) => two[index % 2]?.check('ada', '192.0.2.1')),
    );
    expect(all.filter((check) => check?.allowed)).toHaveLength(10);
  });

  it('however many try at once, they are read and written together', async () => {
    const read = jest.spyOn(Object.getPrototypeOf(store.collection('guesses')), 'find');
    const limits = new GuessLimits(store, master, clock);
    const everybody = Array.from({ length: 40 }, (_, n) => [`person ${n}`, `192.0.2.${n}`] as const);
    await Promise.all(everybody.map(([person, source]) => limits.check(person, source)));
    await Promise.all(everybody.map(([person, source]) => limits.succeeded(person, source)));
    expect(read).toHaveBeenCalledTimes(4);
    read.mockRestore();
    const left = await store.collection<StoredDocument & { row: number }>('guesses').find({}).toArray();
    expect(left.map(({ row }) => row)).toEqual(everybody.map(() => 0));
  });

  it('survive a restart and show neither person nor source to who reads the store', async () => {
    await guess(new GuessLimits(store, master, clock), 'ada@example.com', '192.0.2.1', 10);
    const after = new GuessLimits(store, master, clock);
    expect(await after.check('ada@example.com', '192.0.2.1')).toMatchObject({ allowed: false });
    const kept = JSON.stringify(await store.collection('guesses').find({}).toArray());
    expect(kept).not.toMatch(/ada|192\.0\.2/);
  });

  it('what was never tried counts for nothing', async () => {
    const limits = new GuessLimits(store, master, clock);
    for (let round = 0; round < 30; round++) {
      expect(await limits.check('ada', '192.0.2.1')).toEqual({ allowed: true });
      await limits.released('ada', '192.0.2.1');
    }
  });

  it('leave nothing behind but locked people', async () => {
    const limits = new GuessLimits(store, master, clock);
    await guess(limits, 'ada', '192.0.2.1', 3);
    now += 31 * 24 * 60 * minute;
    expect(await limits.removeExpired()).toBe(3);
  });
});

describe('what counts as one source', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['unknown', 'unknown'],
  ])('%s: %s', (ip, source) => expect(sourceOf(ip)).toBe(source));
});

describe('rates', () => {
  it.each(['in memory', 'in the store'])('a bucket of five an hour, %s', async (where) => {
    const kept = where === 'in memory' ? undefined : store;
    const limit = new RateLimit('mails', { limit: 5, milliseconds: 60 * minute }, master, clock, kept);
    const taken = [];
    for (let count = 0; count < 7; count++) taken.push((await limit.take('ada')).allowed);
    expect(taken).toEqual([true, true, true, true, true, false, false]);
    expect(await limit.take('ada')).toEqual({ allowed: false, retryAfterSeconds: 720 });
    expect(await limit.take('bob')).toEqual({ allowed: true });
    now += 12 * minute;
    expect(await limit.take('ada')).toEqual({ allowed: true });
    expect(await limit.take('ada')).toMatchObject({ allowed: false });
    now += 24 * 60 * minute;
    expect(
      (await Promise.all(Array.from({ length: 9 }, () => limit.take('ada')))).filter((c) => c.allowed),
    ).toHaveLength(5);
  });

  it('survives a restart and is apart from other rates', async () => {
    const rate = { limit: 1, milliseconds: minute };
    await new RateLimit('a', rate, master, clock, store).take('ada');
    expect(await new RateLimit('a', rate, master, clock, store).take('ada')).toMatchObject({
      allowed: false,
    });
    expect(await new RateLimit('b', rate, master, clock, store).take('ada')).toEqual({ allowed: true });
  });
});
