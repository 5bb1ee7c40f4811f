import { readdirSync } from 'node:fs';

/** TypeScript files of the product under a folder, sorted; no tests. */
export const sources = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path}`.replaceAll('\\', '/'))
    .filter(
      (path) => path.endsWith('.ts') && !path.endsWith('.spec.ts') && !/^libs\/[^/]+\/test\//.test(path),
    )
    .sort();

/** Every test of the repository, sorted. */
export const tests = (): string[] =>
  ['apps', 'libs', 'test']
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
    )
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.spec.ts') || path.endsWith('.contract.ts'))
    .sort();
