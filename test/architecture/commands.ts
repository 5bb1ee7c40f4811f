import { readFileSync } from 'node:fs';
import { sources } from './sources.ts';

export interface CommandFile {
  readonly name: string;
  readonly path: string;
}

/** Every command class of the product, found by what it extends. */
export const commandClasses = (): CommandFile[] =>
  sources('libs').flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/^export class (\w+) extends OrgledgerCommand\b/gm)].map(
      ([, name]) => ({
        name: name ?? '',
        path,
      }),
    ),
  );
