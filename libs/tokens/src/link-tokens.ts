import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { MasterKey } from './master-key.ts';

const prefixes = {
  invitation: 'inv_',
  email_verification: 'usr_',
  password_reset: 'usr_',
} as const;

export type LinkPurpose = keyof typeof prefixes;

/**
 * Tokens in mailed links: 16 bytes of the id, then HMAC-SHA-256 over purpose, id and generation, as 64 characters of
 * base64url. They are derived, never stored, so that a delivery tried again carries the same link (AMB-32). What is
 * stored is their hash.
 */
export class LinkTokens {
  readonly #key: Buffer;

  constructor(master: Pick<MasterKey, 'derive'>) {
    this.#key = master.derive('link-tokens');
  }

  /** @throws TypeError when the id is not the purpose's prefix and 32 hex digits. */
  issue(purpose: LinkPurpose, id: string, generation: number): string {
    const prefix = prefixes[purpose];
    const hex = id.slice(prefix.length);
    if (!id.startsWith(prefix) || !/^[0-9a-f]{32}$/.test(hex))
      throw new TypeError(`a link for ${purpose} needs an id ${prefix}<32 hex digits>`);
    if (!Number.isSafeInteger(generation) || generation < 0)
      throw new TypeError('a generation is a whole number');
    const mac = createHmac('sha256', this.#key).update(`${purpose}\0${id}\0${generation}`).digest();
    return Buffer.concat([Buffer.from(hex, 'hex'), mac]).toString('base64url');
  }

  /** What the token says it is for; nothing is proved by it. */
  read(purpose: LinkPurpose, token: string): { readonly id: string } | undefined {
    if (typeof token !== 'string' || !/^[A-Za-z0-9_-]{64}$/.test(token)) return undefined;
    return { id: prefixes[purpose] + Buffer.from(token, 'base64url').toString('hex', 0, 16) };
  }

  /** SHA-256 in hex: the only form in which a token is kept. */
  hash(token: string): string {
    return createHash('sha256').update(token).digest('hex');
  }

  /** In constant time. */
  matches(token: string, storedHash: string): boolean {
    const actual = Buffer.from(this.hash(token), 'hex');
    const expected = Buffer.from(storedHash, 'hex');
    return (
      timingSafeEqual(actual, expected.length === 32 ? expected : Buffer.alloc(32)) && expected.length === 32
    );
  }
}
