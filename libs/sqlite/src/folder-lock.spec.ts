import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FolderLock, UnusableFile } from '#sqlite';
import { type Child, startChild } from '../../../test/faults/child.ts';

const PROCESS = new URL('../../../test/faults/data-folder-process.ts', import.meta.url).pathname;

let folder: string;
let children: Child[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-lock-'));
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map(({ ended }) => ended));
  rmSync(folder, { recursive: true, force: true });
});

const holder = (path = folder, uid?: number): Child => {
  const child = startChild([PROCESS, 'lock', path], { uid });
  children.push(child);
  return child;
};

describe('one writer per data folder', () => {
  it('a second process is refused with a sentence that names the first', async () => {
    const first = holder();
    await first.line(/^taken$/);
    const second = holder();
    const answer = await second.line(/./);
    expect(answer).toContain('UnusableFile: ');
    expect(answer).toContain(`the data folder ${folder} is in use by process ${first.pid} since `);
    expect(() => FolderLock.take(folder)).toThrow(`process ${first.pid} `);
  });

  it('the lock of a killed process is free, 5 times in a row', async () => {
    let kills = 0;
    for (let round = 0; round < 5; round += 1) {
      const child = holder();
      await child.line(/^taken$/);
      child.kill('SIGKILL');
      expect(await child.ended).toBe('SIGKILL');
      kills += 1;
    }
    expect(kills).toBe(5);
    FolderLock.take(folder).release();
  });

  it('is taken once in one process too, and again after its release', () => {
    const lock = FolderLock.take(folder);
    expect(() => FolderLock.take(folder)).toThrow(`process ${process.pid} `);
    lock.release();
    lock.release();
    FolderLock.take(folder).release();
  });

  it('a folder that does not exist is made, for its owner alone', () => {
    FolderLock.take(join(folder, 'a', 'b')).release();
  });

  it('what is no lock of ours is said to be so, not to be in use', () => {
    writeFileSync(join(folder, 'writer.lock'), 'a shopping list, not a lock at all');
    expect(() => FolderLock.take(folder)).toThrow(UnusableFile);
    expect(() => FolderLock.take(folder)).toThrow(`the data folder ${folder} cannot be locked`);
  });

  it('a folder that cannot be written is named', async () => {
    chmodSync(folder, 0o555);
    const answer = await holder(folder, process.getuid?.() === 0 ? 65_534 : undefined).line(/./);
    chmodSync(folder, 0o755);
    expect(answer).toContain(`the data folder ${folder} cannot be locked`);
  });
});
