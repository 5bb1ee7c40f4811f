import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { MasterKey } from '#tokens';

const form = /^orgledger_([A-Za-z0-9_-]{64})$/;

/**
 * `orgledger_`, then 16 bytes of the key's id and 256 bits that are derived from it, so that a repeated command
 * answers the same secret. What is kept is its hash, and only that is compared: a key outlives the master key by
 * which it was made.
 */
export class ApiKeySecrets {
  readonly #key: Buffer;

  constructor(master: Pick<MasterKey, 'derive'>) {
    this.#key = master.derive('api-keys');
  }

  issue(apiKeyId: string): string {
    const id = Buffer.from(apiKeyId.slice('key_'.length), 'hex');
    const mac = createHmac('sha256', this.#key).update(apiKeyId).digest();
    return `orgledger_${Buffer.concat([id, mac]).toString('base64url')}`;
  }

  /** Which key the secret says it is; nothing is proved by it. */
  read(secret: string): string | undefined {
    const encoded = form.exec(secret)?.[1];
    return encoded && `key_${Buffer.from(encoded, 'base64url').toString('hex', 0, 16)}`;
  }

  hash(secret: string): string {
    return createHash('sha256').update(secret).digest('hex');
  }

  matches(secret: string, kept: string): boolean {
    const [given, expected] = [Buffer.from(this.hash(secret)), Buffer.from(kept)];
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}
