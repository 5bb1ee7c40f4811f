import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { generateKey, readKey, readRoots, UnusableMasterKey } from './key-files.ts';

/** A wrapped key was changed, belongs to another subject, or was wrapped by another master key. */
export class UnreadableKey extends Error {
  override readonly name = 'UnreadableKey';
}

/** The 32 bytes from which every other key of this installation is derived or by which it is wrapped. */
export class MasterKey {
  readonly #bytes: Buffer;
  readonly #wrapping: Buffer;

  constructor(bytes: Uint8Array) {
    if (bytes.byteLength !== 32) throw new UnusableMasterKey('A master key has exactly 32 bytes.');
    this.#bytes = Buffer.from(bytes);
    this.#wrapping = this.derive('key-wrapping');
  }

  /**
   * From `file` (32 raw bytes, 64 hex digits or base64), otherwise from `master.key` in the data folder, which is
   * made once and never overwritten.
   * @throws UnusableMasterKey
   */
  static load(file: string | undefined, dataFolder: string): MasterKey {
    const path = file ?? join(dataFolder, 'master.key');
    if (file === undefined && !existsSync(path)) generateKey(path);
    return rootOf(path);
  }

  /** Tells one key from another without telling what it is. */
  get name(): string {
    return this.derive('name').toString('hex').slice(0, 16);
  }

  /** A new key that opens this one, for `master-key-rotation.ts`. */
  wrappedBy(key: MasterKey): string {
    return key.wrap(this.#bytes, 'root');
  }

  /** 32 bytes, independent for every label (HKDF-SHA-256). */
  derive(label: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#bytes, '', `orgledger/${label}`, 32));
  }

  /** AES-256-GCM. `boundTo` must be given again to unwrap, so that two wrapped keys cannot change places. */
  wrap(key: Uint8Array, boundTo = ''): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#wrapping, nonce).setAAD(Buffer.from(boundTo));
    const sealed = Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
    return `1.${sealed.toString('base64url')}`;
  }

  /** @throws UnreadableKey */
  unwrap(text: string, boundTo = ''): Buffer {
    const sealed = Buffer.from(text.slice(2), 'base64url');
    if (!text.startsWith('1.') || sealed.length < 28) throw new UnreadableKey('not a wrapped key');
    const decipher = createDecipheriv('aes-256-gcm', this.#wrapping, sealed.subarray(0, 12), {
      authTagLength: 16,
    })
      .setAAD(Buffer.from(boundTo))
      .setAuthTag(sealed.subarray(-16));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
    } catch (error) {
      throw new UnreadableKey('a wrapped key does not open with this master key', { cause: error });
    }
  }
}

/** Beside the file of a rotated key lies the root that it opens; a key that was never rotated is the root itself. */
const rootOf = (path: string): MasterKey => {
  const key = new MasterKey(readKey(path));
  const roots = readRoots(path);
  if (roots.size === 0) return key;
  const wrapped = roots.get(key.name);
  if (wrapped === undefined)
    throw new UnusableMasterKey(`The root beside ${basename(path)} was not wrapped by this master key.`);
  return new MasterKey(key.unwrap(wrapped, 'root'));
};
