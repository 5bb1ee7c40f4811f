import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const biome = resolve('node_modules/@biomejs/biome/bin/biome');

/** Rule → a line that breaks it. */
const probes: Readonly<Record<string, string>> = {
  'suspicious/noExplicitAny': 'export const anything: any = 1;',
  'suspicious/noConsole': "console.log('here');",
  'style/noEnum': 'export enum Role { Owner }',
  'style/noNamespace': 'export namespace Roles { export const owner = 1; }',
  'style/noParameterProperties':
    'export class Store { constructor(private readonly path: string) { this.path; } }',
  'style/noProcessEnv': 'export const url = process.env.MONGODB_URL;',
  'style/noRestrictedGlobals': 'setImmediate(() => undefined);',
  'style/noRestrictedImports': "import { setImmediate as nextTurn } from 'node:timers/promises';",
  'style/useThrowOnlyError': "export const fail = () => { throw 'no'; };",
  'correctness/noUnusedImports': "import { join } from 'node:path';",
};
const fileOf = (rule: string): string => `libs/accounts/src/${rule.replace('/', '-')}.ts`;

describe('rules of the house that the linter knows', () => {
  let folder: string;
  let report: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orgledger-lint-'));
    await cp('biome.json', join(folder, 'biome.json'));
    await mkdir(dirname(join(folder, fileOf(''))), { recursive: true });
    for (const [rule, text] of Object.entries(probes))
      await writeFile(join(folder, fileOf(rule)), `${text}\n`);
    const words = [
      'lint',
      '--vcs-enabled=false',
      '--error-on-warnings',
      '--colors=off',
      '--max-diagnostics=none',
      '.',
    ];
    report = await new Promise((done) => {
      execFile(process.execPath, [biome, ...words], { cwd: folder }, (_error, out, err) => done(out + err));
    });
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(Object.keys(probes))('%s: a planted violation is caught', (rule) => {
    expect(report).toMatch(new RegExp(`${fileOf(rule).replaceAll('.', '\\.')}:\\d+:\\d+ lint/${rule}\\b`));
  });
});
