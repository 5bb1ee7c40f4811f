import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { Hashing } from './hashing.ts';
import { Passwords, SignInBusy } from './index.ts';

const person = { email: 'ada.lovelace@example.com', names: ['Ada', 'Lovelace'] };
const passwords = new Passwords();
afterAll(() => passwords.onModuleDestroy());

describe('password hashes', () => {
  it('P14: are Argon2id with 19 MiB, two passes, one lane, and a salt of their own', async () => {
    const one = await passwords.hash('a quiet river bends');
    const two = await passwords.hash('a quiet river bends');
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(two);
    expect(await passwords.verify(one, 'a quiet river bends')).toBe(true);
    expect(await passwords.verify(one, 'a quiet river bend')).toBe(false);
  });

  it('P14: passwords of 71, 72, 73 and 200 bytes that share a beginning are all different', async () => {
    const all = [71, 72, 73, 200].map((length) => 'x'.repeat(length));
    const hashes = await Promise.all(all.map((password) => passwords.hash(password)));
    const accepted = [];
    for (const [made, hash] of hashes.entries())
      for (const [tried, password] of all.entries())
        if (await passwords.verify(hash, password)) accepted.push([made, tried]);
    expect(accepted).toEqual(all.map((_, index) => [index, index]));
  });

  it('have no place where a password ends early', async () => {
    const hash = await passwords.hash('before\0after one');
    expect(await passwords.verify(hash, 'before\0after one')).toBe(true);
    expect(await passwords.verify(hash, 'before\0after two')).toBe(false);
    expect(await passwords.verify(hash, 'before')).toBe(false);
  });

  it('take composed and decomposed letters for the same, broken ones for none', async () => {
    const hash = await passwords.hash('caf\u00e9 au lait');
    expect(await passwords.verify(hash, 'cafe\u0301 au lait')).toBe(true);
    expect(await passwords.verify(hash, 'cafe\ud800 au lait')).toBe(false);
    await expect(passwords.hash('broken \ud800 letter')).rejects.toThrow(RangeError);
  });

  it('go up to 1,024 bytes', async () => {
    const longest = 'é'.repeat(512);
    expect(await passwords.verify(await passwords.hash(longest), longest)).toBe(true);
    await expect(passwords.hash(`${longest}x`)).rejects.toThrow(RangeError);
    expect(passwords.tooWeak(`${longest}x`, person)).toMatch(/at most 1,024 bytes/);
  });

  it('P14: for an unknown person a hash of the same cost is compared, and nobody is let in', async () => {
    const compared = jest.spyOn(Hashing.prototype, 'verify');
    const hash = await passwords.hash('a quiet river bends');
    for (const kept of [hash, undefined]) expect(await passwords.verify(kept, 'wrong guess')).toBe(false);
    const costs = compared.mock.calls.map(([against]) => against.split('$').slice(0, 4));
    expect(costs).toEqual([
      ['', 'argon2id', 'v=19', 'm=19456,t=2,p=1'],
      ['', 'argon2id', 'v=19', 'm=19456,t=2,p=1'],
    ]);
    compared.mockRestore();
  });

  it('P14: two are computed at once, fifty wait, the next is told to come again', async () => {
    const busy = new Passwords();
    const hash = await busy.hash('a quiet river bends');
    await busy.verify(undefined, 'warm');
    const all = await Promise.allSettled(
      Array.from({ length: 60 }, () => busy.verify(hash, 'a quiet river bends')),
    );
    const refused = all.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(refused).toHaveLength(8);
    expect(refused.every(({ reason }) => reason instanceof SignInBusy && reason.name === 'SignInBusy')).toBe(
      true,
    );
    expect(await busy.verify(hash, 'a quiet river bends')).toBe(true);
  });

  it('leave the main thread free', async () => {
    let turns = 0;
    const counting = setInterval(() => turns++, 1);
    await Promise.all(Array.from({ length: 6 }, () => passwords.hash('a quiet river bends')));
    clearInterval(counting);
    expect(turns).toBeGreaterThan(5);
  });
});

describe('passwords that nobody should have', () => {
  it.each([
    'password',
    'Password1',
    'P@ssw0rd!',
    'passw0rd123',
    '12345678',
    '123456789',
    '87654321',
    'qwertyuiop',
    'qwertz123456',
    '1q2w3e4r',
    '1qaz2wsx',
    'aaaaaaaaaaaa',
    'abcabcabc',
    'abcdefgh',
    'iloveyou2',
    'Summer2026!',
    'Welcome1',
    'Admin123!',
    'letmein!!',
    'Dragon-99',
    'changeme1',
    '!!!monkey',
    'orgledger1',
    '11111111',
    'zaq12wsx',
  ])('%s', (password) => expect(passwords.tooWeak(password, person)).toBeDefined());

  it.each([
    'correct horse battery staple',
    'Tr0ub4dor&3xyz',
    'quiet-river-42',
    'password for my cat Erwin',
    'S3cret-passw0rd-of-mine',
    'Zq8!kd92mX',
    'ein langer deutscher Satz',
    'пароль из четырёх слов',
    '🦊🐻🐼🦁🐯🐨🐸🐵',
  ])('but not: %s', (password) => expect(passwords.tooWeak(password, person)).toBeUndefined());

  it('short ones, counted in characters', () => {
    expect(passwords.tooWeak('k7!mQ2x', person)).toBe('A password has at least 8 characters.');
    expect(passwords.tooWeak('🦊🐻🐼', person)).toBe('A password has at least 8 characters.');
  });

  it("the person's own address or little beside their name", () => {
    expect(passwords.tooWeak('my-Ada.Lovelace-login', person)).toMatch(/e-mail address/);
    expect(passwords.tooWeak('ada.lovelace@example.com', person)).toMatch(/e-mail address/);
    expect(passwords.tooWeak('lovelace!7', person)).toMatch(/your name/);
    expect(passwords.tooWeak('the lovelace engine computes', person)).toBeUndefined();
    expect(passwords.tooWeak('io sphere moon', { email: 'io@example.com' })).toBeUndefined();
  });

  it('P14: what stands in published leaks is refused, in capitals and with the usual signs too; what does not is not', () => {
    const leaked = [
      'liverpool1',
      'Liverpool1',
      'l1verp00l1',
      'iloveyou2',
      '987654321a',
      'rush2112',
      'NCC1701D',
    ];
    expect(leaked.filter((password) => passwords.tooWeak(password, person) === undefined)).toEqual([]);
    const fine = [
      'a quiet river bends',
      'zwölf Boxkämpfer jagen',
      'kT9!vq-2Lp',
      'correct horse battery staple',
    ];
    expect(fine.filter((password) => passwords.tooWeak(password, person) !== undefined)).toEqual([]);
  });
});
