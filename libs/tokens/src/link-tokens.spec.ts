import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { AddressHash, LinkTokens, MasterKey } from './index.ts';

const master = new MasterKey(Buffer.alloc(32, 7));
const tokens = new LinkTokens(master);
const id = `inv_${'0123456789abcdef'.repeat(2)}`;

describe('tokens in links', () => {
  it('AMB-32: a delivery tried again carries the same link, after a restart too', () => {
    const again = new LinkTokens(new MasterKey(Buffer.alloc(32, 7)));
    expect(again.issue('invitation', id, 3)).toBe(tokens.issue('invitation', id, 3));
  });

  it('INV-05: every generation, purpose, id and installation has another link', () => {
    const other = new LinkTokens(new MasterKey(Buffer.alloc(32, 8)));
    const user = `usr_${id.slice(4)}`;
    const all = [
      tokens.issue('invitation', id, 1),
      tokens.issue('invitation', id, 2),
      tokens.issue('invitation', `inv_${'f'.repeat(32)}`, 1),
      tokens.issue('email_verification', user, 1),
      tokens.issue('password_reset', user, 1),
      other.issue('invitation', id, 1),
    ];
    expect(new Set(all.map((token) => token.slice(22))).size).toBe(all.length);
  });

  it('says which stream to look into, and nothing else', () => {
    const token = tokens.issue('invitation', id, 1);
    expect(token).toMatch(/^[A-Za-z0-9_-]{64}$/);
    expect(tokens.read('invitation', token)).toEqual({ id });
    expect(tokens.read('password_reset', token)).toEqual({ id: `usr_${id.slice(4)}` });
    expect(tokens.hash(token)).toMatch(/^[0-9a-f]{64}$/);
    expect(tokens.matches(token, tokens.hash(token))).toBe(true);
  });

  it('P9: 10,000 forgeries match nothing', () => {
    const token = tokens.issue('invitation', id, 2);
    const stored = tokens.hash(token);
    const bits = Buffer.from(token, 'base64url');
    const forged = function* () {
      for (let bit = 0; bit < bits.length * 8; bit++) {
        const flipped = Buffer.from(bits);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        yield flipped.toString('base64url');
      }
      for (let length = 0; length < token.length; length++) yield token.slice(0, length);
      for (let generation = 0; generation < 2_000; generation++)
        if (generation !== 2) yield tokens.issue('invitation', id, generation);
      yield* [`${token}=`, `${token} `, ` ${token}`, encodeURIComponent(`%${token}`), token.toUpperCase()];
      for (let count = 0; count < 7_600; count++)
        yield Buffer.concat([bits.subarray(0, 16), randomBytes(32)]).toString('base64url');
    };
    let tried = 0;
    let accepted = 0;
    for (const forgery of forged()) {
      tried++;
      if (tokens.matches(forgery, stored)) accepted++;
    }
    expect(tried).toBeGreaterThan(10_000);
    expect(accepted).toBe(0);
  });

  it.each(['', 'x', `${'A'.repeat(63)}`, `${'A'.repeat(65)}`, `${'A'.repeat(63)}=`, `${'A'.repeat(63)}+`])(
    'does not read %j',
    (text) => expect(tokens.read('invitation', text)).toBeUndefined(),
  );

  it('matches nothing against a stored hash that is none', () => {
    for (const stored of ['', 'zz', '0'.repeat(64)]) expect(tokens.matches('x', stored)).toBe(false);
  });

  it('refuses to issue for what is no such id', () => {
    expect(() => tokens.issue('invitation', `usr_${id.slice(4)}`, 0)).toThrow(TypeError);
    expect(() => tokens.issue('invitation', 'inv_12', 0)).toThrow(TypeError);
    expect(() => tokens.issue('invitation', id, 0.5)).toThrow(TypeError);
  });
});

describe('address hashes', () => {
  it('are keyed: the same address differs between installations', () => {
    const here = new AddressHash(master).addressHash('ada@example.com');
    expect(here).toMatch(/^[0-9a-f]{32}$/);
    expect(new AddressHash(master).addressHash('ada@example.com')).toBe(here);
    expect(new AddressHash(master).addressHash('bob@example.com')).not.toBe(here);
    expect(new AddressHash(new MasterKey(randomBytes(32))).addressHash('ada@example.com')).not.toBe(here);
  });
});
