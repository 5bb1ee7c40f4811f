import { existsSync } from 'node:fs';
import { generateKey, nextKeyOf, readKey, readRoots, replaceKey, writeRoots } from './key-files.ts';
import { MasterKey } from './master-key.ts';

/**
 * A new master key for the same root: what was derived or wrapped stays as it is, and the old key opens nothing any
 * more. The product may run meanwhile. Whatever step it is broken off at, both the product and another rotation go on
 * from there. @throws UnusableMasterKey
 */
export const rotateMasterKey = (
  path: string,
  /** Called before every step that changes something on disk. */
  before: (step: string) => void = () => {},
): 'rotated' | 'finished' => {
  const key = new MasterKey(readKey(path));
  const roots = readRoots(path);
  if (!existsSync(nextKeyOf(path)) && roots.size > 1) {
    before('forget the old key');
    forgetAllBut(path, key);
    return 'finished';
  }
  const root = MasterKey.load(path, '');
  if (!existsSync(nextKeyOf(path))) {
    before('make the next key');
    generateKey(nextKeyOf(path));
  }
  const next = new MasterKey(readKey(nextKeyOf(path)));
  before('wrap the root by both');
  writeRoots(path, new Map([key, next].map((by) => [by.name, root.wrappedBy(by)])));
  before('put the next key in place');
  replaceKey(path);
  before('forget the old key');
  forgetAllBut(path, next);
  return 'rotated';
};

const forgetAllBut = (path: string, key: MasterKey): void =>
  writeRoots(path, new Map([...readRoots(path)].filter(([name]) => name === key.name)));
