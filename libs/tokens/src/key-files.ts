import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { syncFolder } from '#sqlite';

/** The master key cannot be used as it is. The message is a sentence for the operator. */
export class UnusableMasterKey extends Error {
  override readonly name = 'UnusableMasterKey';
}

/** @throws UnusableMasterKey */
export const readKey = (path: string): Buffer => {
  const name = `${basename(path)} (ORGLEDGER_MASTER_KEY_FILE)`;
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

/** A new one, unless there is one already. */
export const generateKey = (path: string): void => {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  const temporary = write(path, `${randomBytes(32).toString('hex')}\n`);
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(temporary);
  }
  syncFolder(folder);
};

/** Only for its owner, on disk before this answers. @returns the path of what was written beside `path` */
const write = (path: string, text: string): string => {
  const temporary = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`;
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return temporary;
};

export const nextKeyOf = (path: string): string => `${path}.next`;
const rootsOf = (path: string): string => `${path}.root`;

/** The next key takes the place of the present one, at once. */
export const replaceKey = (path: string): void => {
  renameSync(nextKeyOf(path), path);
  syncFolder(dirname(path));
};

/** The root, by the name of each key that it is wrapped by; empty where no key was ever rotated. */
export const readRoots = (path: string): ReadonlyMap<string, string> => {
  const file = rootsOf(path);
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return new Map(lines.map((line) => line.split(' ') as [string, string]));
};

export const writeRoots = (path: string, roots: ReadonlyMap<string, string>): void => {
  renameSync(write(rootsOf(path), [...roots].map((root) => `${root.join(' ')}\n`).join('')), rootsOf(path));
  syncFolder(dirname(path));
};
