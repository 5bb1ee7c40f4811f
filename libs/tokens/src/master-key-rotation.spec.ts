import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MasterKey } from './master-key.ts';
import { rotateMasterKey } from './master-key-rotation.ts';

let folder: string;
let path: string;
let before: MasterKey;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-rotation-'));
  path = join(folder, 'master.key');
  before = MasterKey.load(undefined, folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = () => readFileSync(path, 'utf8');
const derived = (master: MasterKey) =>
  ['address-hash', 'operator', 'link-tokens', 'csrf', 'fingerprints'].map((label) =>
    master.derive(label).toString('hex'),
  );
const load = () => MasterKey.load(undefined, folder);

describe('a new master key', () => {
  it('opens what the old one wrapped, and derives what the old one derived', () => {
    const wrapped = before.wrap(Buffer.alloc(32, 7), 'usr_1');
    const old = text();
    for (let n = 0; n < 3; n++) {
      expect(rotateMasterKey(path)).toBe('rotated');
      expect(derived(load())).toEqual(derived(before));
      expect(load().unwrap(wrapped, 'usr_1')).toEqual(Buffer.alloc(32, 7));
    }
    expect(text()).not.toBe(old);
    expect(readdirSync(folder).toSorted()).toEqual(['master.key', 'master.key.root']);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  it('is the only one that opens the root, and the root lies nowhere in clear', () => {
    const first = text();
    rotateMasterKey(path);
    const second = text();
    rotateMasterKey(path);
    for (const old of [first, second]) {
      writeFileSync(path, old);
      expect(load).toThrow('was not wrapped by this master key');
    }
    expect(readFileSync(`${path}.root`, 'utf8')).not.toContain(first.trim());
  });

  it('broken off before any step: the product starts with the same root, and the next rotation goes on', () => {
    const steps = [
      'make the next key',
      'wrap the root by both',
      'put the next key in place',
      'forget the old key',
    ];
    for (const step of steps) {
      const old = text();
      const breakOff = () =>
        rotateMasterKey(path, (begun) => {
          if (begun === step) throw new Error('killed');
        });
      expect(breakOff).toThrow('killed');
      expect(derived(load())).toEqual(derived(before));
      expect(breakOff).toThrow('killed');
      expect(rotateMasterKey(path)).toBe(step === 'forget the old key' ? 'finished' : 'rotated');
      expect(derived(load())).toEqual(derived(before));
      expect(text()).not.toBe(old);
      expect(readFileSync(`${path}.root`, 'utf8').trim().split('\n')).toHaveLength(1);
    }
  });
});
