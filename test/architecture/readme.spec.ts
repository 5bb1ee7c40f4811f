import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { serve } from '#application';
import { readSettings, settingsTable } from '#settings';
import { commandClasses } from './commands.ts';
import { tests } from './sources.ts';

const readme = readFileSync('README.md', 'utf8');

const section = (title: string): string => {
  const found = readme
    .split(/^(?=#{2,3} )/m)
    .find((part) => part.startsWith(`## ${title}`) || part.startsWith(`### ${title}`));
  if (!found) throw new Error(`the README has no section ${title}`);
  return found;
};

const shell = (text: string): string[] =>
  [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code]) => code ?? '');

const tool = (name: string): boolean => spawnSync(name, ['--version']).status === 0;
const canFollow = tool('bash') && tool('curl');
if (!canFollow)
  process.stdout.write('skipped: the first steps of the README need bash and curl on this machine\n');

describe('the README', () => {
  it('has exactly two set-up commands', () => {
    expect(shell(section('Set-up')).map((code) => code.trim())).toEqual([
      'npm ci && npm run tour',
      'npm ci && npm test',
    ]);
  });

  it('shows every setting with its default and meaning, in order', () => {
    const rows = settingsTable().map((row) => `| \`${row.name}\` | ${row.default} | ${row.meaning} |`);
    expect(
      section('Settings')
        .split('\n')
        .filter((line) => line.startsWith('| `')),
    ).toEqual(rows);
  });

  it('names only files that are there', () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, path]) => path ?? '');
    expect(links.length).toBeGreaterThan(40);
    expect(links.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('maps every command, and no other', () => {
    const mapped = section('From a command')
      .split('\n')
      .flatMap((line) => /^\| ([A-Z]\w+) \|/.exec(line)?.[1] ?? []);
    expect(mapped.toSorted()).toEqual(
      commandClasses()
        .map(({ name }) => name)
        .toSorted(),
    );
  });

  it('claims no rule that no test names', () => {
    const claimed = [...section('Where the rules').matchAll(/\b(?:[A-Z]{3}-\d\d|[PFG]\d{1,2})\b/g)].map(
      ([id]) => id,
    );
    const titles = tests()
      .flatMap(
        (path) =>
          readFileSync(path, 'utf8').match(/(?:describe|it|test)(?:\.\w+\([^)]*\))?\(\s*[`'"].*/g) ?? [],
      )
      .join('\n');
    expect(claimed.length).toBeGreaterThan(40);
    expect(claimed.filter((id) => !new RegExp(`\\b${id}\\b`).test(titles))).toEqual([]);
  });

  (canFollow ? it : it.skip)('leads through the first steps as it says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'orgledger-readme-'));
    const env = { PORT: '0', ORGLEDGER_DATA_DIR: folder, LOG_LEVEL: 'error' };
    const serving = await serve(readSettings(env), '0.0.0-test');
    try {
      const steps = shell(section('First steps')).join('\n').replace('http://127.0.0.1:4000', serving.url);
      const path = `${join(process.execPath, '..')}:${process.env.PATH}`;
      const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', steps], {
        env: { ...process.env, PATH: path },
      });
      expect(stdout).toContain('"email":"bob@corporate.example"');
      expect(stdout).toContain('"type":"UserJoinedOrg"');
    } finally {
      await serving.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
