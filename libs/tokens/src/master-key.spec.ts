import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MasterKey, UnreadableKey, UnusableMasterKey } from './index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-key-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const given = (content: string | Buffer, mode = 0o600): string => {
  const path = join(folder, 'given.key');
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
};

describe('the master key', () => {
  it('is made once, for its owner only, and found again', () => {
    const first = MasterKey.load(undefined, folder);
    const before = readFileSync(join(folder, 'master.key'));
    const second = MasterKey.load(undefined, folder);
    expect(second.derive('x')).toEqual(first.derive('x'));
    expect(readFileSync(join(folder, 'master.key'))).toEqual(before);
    expect(statSync(join(folder, 'master.key')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['master.key']);
  });

  it('is never overwritten, not even when it is damaged', () => {
    writeFileSync(join(folder, 'master.key'), '', { mode: 0o600 });
    expect(() => MasterKey.load(undefined, folder)).toThrow(UnusableMasterKey);
    expect(readFileSync(join(folder, 'master.key')).length).toBe(0);
  });

  it('is read raw, as hex digits and as base64', () => {
    const bytes = Buffer.alloc(32, 0xa7);
    const expected = new MasterKey(bytes).derive('x');
    for (const content of [
      bytes,
      `${bytes.toString('hex')}\n`,
      bytes.toString('base64'),
      bytes.toString('base64url'),
    ])
      expect(MasterKey.load(given(content), folder).derive('x')).toEqual(expected);
  });

  it.each([0o640, 0o604, 0o644, 0o660, 0o620])(
    'is refused with mode %o, naming the file, the setting and the remedy',
    (mode) => {
      const path = given(randomBytes(32), mode);
      expect(() => MasterKey.load(path, folder)).toThrow(
        `The master key given.key (ORGLEDGER_MASTER_KEY_FILE) can be read by others than its owner (mode ${mode.toString(8)}); set it to 600.`,
      );
    },
  );

  it.each(['', 'short', 'z'.repeat(64), 'a'.repeat(65)])('is refused when it holds %j', (content) => {
    expect(() => MasterKey.load(given(content), folder)).toThrow(/must hold 32 bytes/);
  });

  it('is refused when it is not there: none is made in its place', () => {
    expect(() => MasterKey.load(join(folder, 'absent.key'), folder)).toThrow(
      'The master key absent.key (ORGLEDGER_MASTER_KEY_FILE) cannot be read (ENOENT).',
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('derives another key for every label', () => {
    const master = new MasterKey(randomBytes(32));
    expect(master.derive('a')).toHaveLength(32);
    expect(master.derive('a')).toEqual(master.derive('a'));
    expect(master.derive('a')).not.toEqual(master.derive('b'));
  });
});

describe('wrapped keys', () => {
  const master = new MasterKey(Buffer.alloc(32, 1));
  const key = Buffer.alloc(32, 2);

  it('open again, and look different every time', () => {
    expect(master.unwrap(master.wrap(key, 'usr_1'), 'usr_1')).toEqual(key);
    expect(master.wrap(key)).not.toBe(master.wrap(key));
  });

  it('do not open when changed, moved to another subject or under another master key', () => {
    const text = master.wrap(key, 'usr_1');
    const sealed = Buffer.from(text.slice(2), 'base64url');
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      expect(() => master.unwrap(`1.${changed.toString('base64url')}`, 'usr_1')).toThrow(UnreadableKey);
    }
    expect(() => master.unwrap(text, 'usr_2')).toThrow(UnreadableKey);
    expect(() => new MasterKey(Buffer.alloc(32, 3)).unwrap(text, 'usr_1')).toThrow(UnreadableKey);
    for (const broken of ['', '1.', '2.AAAA', text.slice(0, 20)])
      expect(() => master.unwrap(broken, 'usr_1')).toThrow(UnreadableKey);
  });
});
