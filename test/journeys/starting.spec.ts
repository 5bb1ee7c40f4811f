import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const main = join(root, 'apps/api/src/start.ts');
const fromSource = join(root, 'test/faults/from-source.mjs');

describe('starting and stopping the process', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'orgledger-start-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const start = (settings: Readonly<Record<string, string>>) => {
    const child = spawn(
      process.execPath,
      ['--conditions=orgledger-source', '--no-warnings', '--import', fromSource, main],
      {
        env: {
          PATH: process.env.PATH,
          PORT: '0',
          LOG_LEVEL: 'error',
          ORGLEDGER_DATA_DIR: folder,
          ...settings,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        cwd: root,
      },
    );
    let [out, err] = ['', ''];
    const ready = Promise.withResolvers<string>();
    child.stdout.on('data', (chunk) => {
      out += chunk;
      const url = /ready on (\S+)/.exec(out)?.[1];
      if (url) ready.resolve(url);
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    const ended = once(child, 'close').then(([code]) => {
      ready.reject(new Error(err));
      return { code, out, err };
    });
    ready.promise.catch(() => {});
    return { child, ready: ready.promise, ended };
  };

  it.each([
    [{ PORT: '70000' }, 'PORT must be a whole number from 0 to 65535.'],
    [{ ORGLEDGER_INVITATION_DAYS: '0' }, 'ORGLEDGER_INVITATION_DAYS must be a whole number from 1 to 30.'],
    [
      { ORGLEDGER_INVITATON_DAYS: '3' },
      'ORGLEDGER_INVITATON_DAYS is not a setting; did you mean ORGLEDGER_INVITATION_DAYS?',
    ],
    [{ MONGODB_URL: 'nonsense' }, 'MONGODB_URL must be a URL that starts with mongodb:// or mongodb+srv://.'],
    [{ SMTP_URL: 'smtp://a', ORGLEDGER_SANDBOX: 'on' }, 'ORGLEDGER_SANDBOX cannot be on beside SMTP_URL.'],
  ])('%j stops the start with one sentence', async (settings, sentence) => {
    const { code, out, err } = await start(settings as unknown as Record<string, string>).ended;
    expect([code, out, err]).toEqual([1, '', `Orgledger does not start: ${sentence}\n`]);
  });

  it('a data folder that cannot be used, a key that is none: one sentence each', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, 'not a key', { mode: 0o600 });
    const cases = [{ ORGLEDGER_DATA_DIR: file }, { ORGLEDGER_MASTER_KEY_FILE: file }];
    for (const settings of cases) {
      const { code, out, err } = await start(settings as unknown as Record<string, string>).ended;
      expect([code, out]).toEqual([1, '']);
      expect(err).toMatch(/^Orgledger does not start: .+\n$/);
      expect(err).not.toMatch(/\n\s+at /);
    }
  });

  it('a second process on the same folder is refused with a sentence that names the first, which goes on', async () => {
    const first = start({});
    const url = await first.ready;
    const { code, err } = await start({}).ended;
    expect(code).toBe(1);
    expect(err).toMatch(
      new RegExp(`^Orgledger does not start: .*in use by process ${first.child.pid} since .+\\n$`),
    );
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    first.child.kill('SIGTERM');
    first.child.kill('SIGTERM');
    expect(await first.ended).toMatchObject({ code: 0, err: '' });
    const third = start({});
    await third.ready;
    third.child.kill('SIGINT');
    expect((await third.ended).code).toBe(0);
  });
});
