import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DocumentStore } from '#read-models';
import { MasterKey, PersonalKeys, PersonalSeal } from '#tokens';
import { type Scratch, scratchDocuments } from '../../../test/support/scratch-documents.ts';
import {
  Challenges,
  challengeIndexes,
  enrolmentIndexes,
  GuessLimits,
  guessIndexes,
  TwoFactors,
} from './index.ts';
import { base32, stepAt, type TotpHash, totp } from './totp.ts';

const master = new MasterKey(Buffer.alloc(32, 1));
const ada = 'usr_1';
const replays = 1_000;

let scratch: Scratch;
let store: DocumentStore;
let now: number;
let factors: TwoFactors;
let challenges: Challenges;
const clock = { now: () => now };
beforeEach(async () => {
  scratch = await scratchDocuments({
    challenges: challengeIndexes,
    'two-factor-enrolments': enrolmentIndexes,
    guesses: guessIndexes,
  });
  store = scratch.store;
  now = Date.UTC(2026, 0, 1);
  factors = new TwoFactors(store, master, new PersonalSeal(new PersonalKeys(store, master)), clock);
  challenges = new Challenges(store, factors, clock);
});
afterEach(() => scratch.close());

const codeAt = (factorId: string, milliseconds: number, user = ada): string =>
  totp(factors.secretOf(user, factorId), stepAt(milliseconds));

const enrolled = async (user = ada): Promise<string> => {
  const { factorId } = await factors.begin(user, 'totp', null);
  await factors.prove(user, codeAt(factorId, now, user));
  await factors.adopt(user, factorId);
  now += 30_000;
  return factorId;
};

const answered = async (code: string, user = ada): Promise<boolean> => {
  const { challengeId } = await challenges.create({ userId: user, epoch: 0 });
  return (await challenges.answer(challengeId, code)) !== undefined;
};

describe('codes by time', () => {
  const digits = '12345678901234567890';
  const seeds: Record<TotpHash, string> = {
    sha1: digits,
    sha256: digits.repeat(2).slice(0, 32),
    sha512: digits.repeat(4).slice(0, 64),
  };
  const vectors: readonly (readonly [number, Record<TotpHash, string>])[] = [
    [59, { sha1: '94287082', sha256: '46119246', sha512: '90693936' }],
    [1111111109, { sha1: '07081804', sha256: '68084774', sha512: '25091201' }],
    [1111111111, { sha1: '14050471', sha256: '67062674', sha512: '99943326' }],
    [1234567890, { sha1: '89005924', sha256: '91819424', sha512: '93441116' }],
    [2000000000, { sha1: '69279037', sha256: '90698825', sha512: '38618901' }],
    [20000000000, { sha1: '65353130', sha256: '77737706', sha512: '47863826' }],
  ];

  it('P14: are those of RFC 6238, appendix B', () => {
    for (const [seconds, expected] of vectors)
      for (const hash of ['sha1', 'sha256', 'sha512'] as const)
        expect([seconds, hash, totp(Buffer.from(seeds[hash]), stepAt(seconds * 1_000), 8, hash)]).toEqual([
          seconds,
          hash,
          expected[hash],
        ]);
  });

  it('P14: and the secret is written as in RFC 4648', () => {
    const written = ['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar'].map((text) =>
      base32(Buffer.from(text)),
    );
    expect(written).toEqual(['', 'MY', 'MZXQ', 'MZXW6', 'MZXW6YQ', 'MZXW6YTB', 'MZXW6YTBOI']);
  });
});

describe('second factors', () => {
  it('P14: a code counts one step early and one late, no further', async () => {
    const factorId = await enrolled();
    now += 300_000;
    for (const [offset, right] of [
      [-2, false],
      [2, false],
      [-1, true],
      [0, true],
      [1, true],
    ] as const)
      expect([offset, await answered(codeAt(factorId, now + offset * 30_000))]).toEqual([offset, right]);
  });

  it(`P14: of ${replays} codes taken again none is accepted, nor one from before a newer`, async () => {
    const factorId = await enrolled();
    let [accepted, again] = [0, 0];
    for (let count = 0; count < replays; count++) {
      now += 60_000;
      const at = (offset: number) => codeAt(factorId, now + offset * 30_000);
      const [earlier, code, next] = [at(-1), at(0), at(1)];
      if (await answered(code)) accepted++;
      // One of a million is the next one as well, and then is right.
      for (const old of [code, earlier]) if (old !== next && (await answered(old))) again++;
    }
    expect([accepted, again]).toEqual([replays, 0]);
  });

  it('P14: a code that many use at once lets one in', async () => {
    const factorId = await enrolled();
    const code = codeAt(factorId, now);
    const entries = await Promise.all(Array.from({ length: 16 }, () => answered(code)));
    expect(entries.filter(Boolean)).toHaveLength(1);
  });

  it('P14: the code that proved the enrolment does not sign in', async () => {
    const { factorId } = await factors.begin(ada, 'totp', null);
    const code = codeAt(factorId, now);
    expect(await factors.prove(ada, code)).toEqual({ factorId, method: 'totp' });
    await factors.adopt(ada, factorId);
    expect(await answered(code)).toBe(false);
  });

  it('P14: five wrong codes end an enrolment, ten minutes too, and beginning anew forgets the one before', async () => {
    const { factorId } = await factors.begin(ada, 'totp', null);
    for (let tries = 0; tries < 5; tries++) expect(await factors.prove(ada, '000000')).toBeUndefined();
    expect(await factors.prove(ada, codeAt(factorId, now))).toBeUndefined();
    const late = await factors.begin(ada, 'totp', null);
    now += 600_000;
    expect(await factors.isBeingSetUp(ada)).toBe(false);
    expect(await factors.prove(ada, codeAt(late.factorId, now))).toBeUndefined();
    const [one, two] = [await factors.begin(ada, 'totp', null), await factors.begin(ada, 'totp', null)];
    expect(await factors.prove(ada, codeAt(one.factorId, now))).toBeUndefined();
    expect(await factors.prove(ada, codeAt(two.factorId, now))).toMatchObject({ factorId: two.factorId });
  });

  it('P14: five tries end a challenge, many at once too', async () => {
    const factorId = await enrolled();
    const { challengeId } = await challenges.create({ userId: ada, epoch: 0 });
    for (let tries = 0; tries < 5; tries++)
      await Promise.all(Array.from({ length: 8 }, () => challenges.answer(challengeId, '000000')));
    expect(await challenges.answer(challengeId, codeAt(factorId, now))).toBeUndefined();
    expect(await challenges.find(challengeId)).toBeUndefined();
  });

  it('P14: recovery codes work once, keep nothing readable, and end with their batch', async () => {
    const factorId = await enrolled();
    const codes = factors.recovery.of(factorId, 1);
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect([await answered(code), await answered(code)]).toEqual([true, false]);
    expect((await factors.find(ada))?.recovery).toEqual([]);
    await factors.renewRecoveryCodes(ada, factorId, 2);
    await factors.renewRecoveryCodes(ada, factorId, 2);
    const [fresh = ''] = factors.recovery.of(factorId, 2);
    expect([await answered(codes[0] ?? ''), await answered(fresh), await answered(fresh)]).toEqual([
      false,
      true,
      false,
    ]);
    await factors.renewRecoveryCodes(ada, factorId, 1);
    expect((await factors.find(ada))?.recovery).toHaveLength(9);
    const kept = JSON.stringify(await store.collection('two-factors').find({}).toArray());
    expect(
      [...codes, fresh, base32(factors.secretOf(ada, factorId))].filter((one) => kept.includes(one)),
    ).toEqual([]);
  });

  it('P13: a telephone number is kept sealed, and gone with the key of the person', async () => {
    const keys = new PersonalKeys(store, master);
    const sealed = new TwoFactors(store, master, new PersonalSeal(keys), clock);
    const { factorId, code } = await sealed.begin(ada, 'sms', '+4930123456');
    expect(await sealed.prove(ada, code ?? '')).toEqual({ factorId, method: 'sms' });
    await sealed.adopt(ada, factorId);
    const factor = (await sealed.find(ada))!;
    expect(factor.number).not.toContain('30123456');
    expect(await sealed.numberOf(factor)).toBe('+4930123456');
    await keys.destroy(ada);
    expect(await sealed.numberOf(factor)).toBeUndefined();
  });

  it('adopting and removing twice changes nothing, and an older factor takes no newer one with it', async () => {
    const first = await enrolled();
    await factors.adopt(ada, first);
    const second = await enrolled();
    await factors.remove(ada, first);
    expect((await factors.find(ada))?.factorId).toBe(second);
    await factors.remove(ada, second);
    await factors.remove(ada, second);
    expect(await factors.find(ada)).toBeUndefined();
  });

  it('P14: guesses of codes are bound per person and source, over any number of challenges', async () => {
    await enrolled();
    const limits = new GuessLimits(store, master, clock);
    let allowed = 0;
    for (let count = 0; count < 60; count++) {
      if (!(await limits.check('ada', '192.0.2.1')).allowed) continue;
      allowed++;
      expect(await answered('000000')).toBe(false);
    }
    expect(allowed).toBe(10);
  });

  it('what has run out is removed, what is open stays', async () => {
    await factors.begin(ada, 'totp', null);
    await challenges.create({ userId: ada, epoch: 0 });
    expect([await factors.removeExpired(), await challenges.removeExpired()]).toEqual([0, 0]);
    now += 600_000;
    expect([await factors.removeExpired(), await challenges.removeExpired()]).toEqual([1, 1]);
  });
});
