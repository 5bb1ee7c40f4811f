import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { PersonalKeys } from './personal-keys.ts';

/** Seals what is kept of a person beside the log; whoever is erased takes the key of it with them. */
export class PersonalSeal {
  readonly #keys: Pick<PersonalKeys, 'of'>;

  constructor(keys: Pick<PersonalKeys, 'of'>) {
    this.#keys = keys;
  }

  /** Undefined: the person is erased. */
  async seal(subject: string, boundTo: string, text: string): Promise<string | undefined> {
    const key = (await this.#keys.of([subject], { create: true })).get(subject);
    if (!key) return undefined;
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(boundTo));
    return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
      'base64url',
    );
  }

  /** Undefined: the person is erased, or this was changed or moved. */
  async open(subject: string, boundTo: string, sealed: string): Promise<string | undefined> {
    const key = (await this.#keys.of([subject], { create: false })).get(subject);
    const bytes = Buffer.from(sealed, 'base64url');
    if (!key || bytes.length < 28) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
      .setAAD(Buffer.from(boundTo))
      .setAuthTag(bytes.subarray(-16));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }
}
