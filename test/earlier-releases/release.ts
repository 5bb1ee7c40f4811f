import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import type { Asked } from './questions.ts';
import type { Told } from './scene.ts';

const here = import.meta.dirname;
const packed = '.br';
const told = 'told.json';

/** What is known of a release besides its data folder. */
export interface Release extends Told {
  /** When it was stopped, by the machine's clock. */
  readonly stoppedAt: string;
  readonly projections: readonly {
    readonly name: string;
    readonly version: number;
    readonly position: string;
  }[];
  readonly asked: readonly Asked[];
}

/** Names of the releases whose data is kept, the oldest first. */
export const releases = (): string[] =>
  readdirSync(here)
    .filter((name) => existsSync(join(here, name, told + packed)))
    .toSorted();

const compressed = (content: Buffer | string): Buffer =>
  brotliCompressSync(content, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    },
  });

/** Who held the folder is of the process that is gone. */
const isOfTheProcess = (file: string): boolean => file.startsWith('writer.');

/** Keeps every file of a stopped release's data folder, compressed one by one. */
export const keep = (name: string, folder: string, release: Release): void => {
  const into = join(here, name);
  rmSync(into, { recursive: true, force: true });
  mkdirSync(join(into, 'folder'), { recursive: true });
  for (const file of readdirSync(folder).filter((other) => !isOfTheProcess(other)))
    writeFileSync(join(into, 'folder', file + packed), compressed(readFileSync(join(folder, file))));
  writeFileSync(join(into, told + packed), compressed(JSON.stringify(release)));
};

export const toldOf = (name: string): Release =>
  JSON.parse(brotliDecompressSync(readFileSync(join(here, name, told + packed))).toString());

/** Puts the data folder of a release where the present one can open it. */
export const unpack = (name: string, folder: string): void => {
  const from = join(here, name, 'folder');
  for (const file of readdirSync(from))
    writeFileSync(
      join(folder, file.slice(0, -packed.length)),
      brotliDecompressSync(readFileSync(join(from, file))),
      { mode: 0o600 },
    );
};
