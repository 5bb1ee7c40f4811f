import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GuessLimits, guessIndexes } from '#sign-in';
import { MasterKey } from '#tokens';
import { type Scratch, scratchDocuments } from '../support/scratch-documents.ts';

const long = process.env.ORGLEDGER_LONG === '1';
const guesses = long ? 100_000 : 5_000;
const [people, sources] = [500, 200];
const minute = 60_000;

/** Whole numbers below `limit`, the same in every run: a linear congruence. */
const numbers = (seed: number) => {
  let state = seed;
  return (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
};

const most = (times: readonly number[], window: number): number =>
  Math.max(0, ...times.map((start) => times.filter((time) => time >= start && time < start + window).length));

describe('guessing on a large scale', () => {
  let scratch: Scratch;
  let now = Date.UTC(2026, 0, 1);
  beforeAll(async () => {
    scratch = await scratchDocuments({ guesses: guessIndexes });
  });
  afterAll(() => scratch.close());

  it(`P14: of ${guesses} guesses over ${people} people from ${sources} addresses no bound is passed, and nobody else is kept out`, async () => {
    const limits = new GuessLimits(scratch.store, new MasterKey(Buffer.alloc(32, 1)), { now: () => now });
    const below = numbers(14);
    const allowed: { person: number; source: number; at: number }[] = [];
    const keptOut: number[] = [];
    const refusedFor = new Set<string>();
    for (let count = 0; count < guesses; count++) {
      // One address is after one person, a few of both are in the thick of it, the rest see a guess now and then.
      const stubborn = below(20) === 0;
      const person = stubborn ? people - 1 : below(4) === 0 ? below(5) : below(people);
      const source = stubborn ? sources - 1 : below(4) === 0 ? below(5) : below(sources);
      const check = await limits.check(`person-${person}`, `192.0.2.${source}`);
      if (check.allowed) allowed.push({ person, source, at: now });
      else refusedFor.add(check.reason);
      if (count % 50 === 0) {
        // Somebody whom nobody guesses at signs in from a place of their own.
        const bystander = `bystander-${count}`;
        if ((await limits.check(bystander, `198.51.100.${below(200)}`)).allowed)
          await limits.succeeded(bystander, '198.51.100.1');
        else keptOut.push(count);
      }
      now += below(400);
    }
    const grouped = (keyOf: (guess: (typeof allowed)[number]) => unknown): number[][] =>
      [...Map.groupBy(allowed, keyOf).values()].map((group) => group.map(({ at }) => at));
    const worst = (keyOf: (guess: (typeof allowed)[number]) => unknown): number =>
      Math.max(...grouped(keyOf).map((times) => most(times, 15 * minute)));
    expect({
      perPersonAndSource: worst(({ person, source }) => `${person}/${source}`) <= 10,
      perSource: worst(({ source }) => source) <= 50,
      inARow: Math.max(...grouped(({ person }) => person).map(({ length }) => length)) <= 100,
      keptOut,
    }).toEqual({ perPersonAndSource: true, perSource: true, inARow: true, keptOut: [] });
    expect([...refusedFor].sort()).toEqual(['person_and_source', 'reset_required', 'source']);
  }, 600_000);
});
