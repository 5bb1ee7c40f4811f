import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk that can be full: a small tmpfs of its own. Needs root on Linux. */
export class SmallDisk {
  readonly folder: string;
  /** How often it was filled to the last byte. */
  filled = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** The reason when there can be none here. */
  static mount(megabytes: number): SmallDisk | string {
    const folder = mkdtempSync(join(tmpdir(), 'orgledger-disk-'));
    const { status, stderr, error } = spawnSync(
      'mount',
      ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'orgledger', folder],
      { encoding: 'utf8' },
    );
    if (status === 0) return new SmallDisk(folder);
    rmSync(folder, { recursive: true });
    return `no small disk can be mounted: ${(error?.message ?? stderr).trim()}`;
  }

  get #ballast(): string {
    return join(this.folder, 'ballast');
  }

  fill(): void {
    const file = openSync(this.#ballast, 'a');
    try {
      for (const size of [1 << 20, 1 << 16, 1 << 12, 1]) writeUntilFull(file, Buffer.alloc(size));
    } finally {
      closeSync(file);
    }
    this.filled += 1;
  }

  empty(): void {
    rmSync(this.#ballast, { force: true });
  }

  unmount(): void {
    spawnSync('umount', ['-l', this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const writeUntilFull = (file: number, block: Buffer): void => {
  try {
    while (writeSync(file, block) === block.length);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOSPC') throw error;
  }
};
