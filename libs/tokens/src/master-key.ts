import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The master key cannot be used as it is. The message is a sentence for the operator. */
export class UnusableMasterKey extends Error {
  override readonly name = 'UnusableMasterKey';
}

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
    if (file !== undefined) return new MasterKey(read(file));
    const path = join(dataFolder, 'master.key');
    if (!existsSync(path)) generate(path);
    return new MasterKey(read(path));
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

const read = (path: string): Buffer => {
  const name = basename(path);
  let content: Buffer;
  try {
    const { mode } = statSync(path);
    if (process.platform !== 'win32' && mode & 0o077)
      throw new UnusableMasterKey(
        `The master key ${name} can be read by others than its owner (mode ${(mode & 0o777).toString(8)}); set it to 600.`,
      );
    content = readFileSync(path);
  } catch (error) {
    if (error instanceof UnusableMasterKey) throw error;
    throw new UnusableMasterKey(
      `The master key ${name} cannot be read (${(error as { code?: string }).code}).`,
    );
  }
  const text = content.toString('latin1').trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return Buffer.from(text, 'base64');
  if (content.length === 32) return content;
  throw new UnusableMasterKey(
    `The master key ${name} must hold 32 bytes: raw, as 64 hex digits or as base64; it holds something else.`,
  );
};

const generate = (path: string): void => {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  const temporary = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`;
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, `${randomBytes(32).toString('hex')}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(temporary);
  }
  syncFolder(folder);
};

const syncFolder = (folder: string): void => {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};
