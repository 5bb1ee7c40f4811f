// Plays the story with a built checkout of a release and keeps its data folder beside what it answered: see README.md.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { operatorToken } from '../tour/product.ts';
import { questions } from './questions.ts';
import { keep } from './release.ts';
import { Scene } from './scene.ts';
import { play } from './story.ts';

const [checkout, name] = process.argv.slice(2);
if (!checkout || !name) throw new Error('usage: make.ts <built checkout of a release> <name of the release>');
const folder = mkdtempSync(join(tmpdir(), 'orgledger-release-'));
const child = spawn(process.execPath, [join(checkout, 'dist/apps/api/src/main.js')], {
  env: {
    PATH: process.env.PATH,
    PORT: '0',
    LOG_LEVEL: 'warn',
    ORGLEDGER_DATA_DIR: folder,
    ORGLEDGER_RATE_LIMITS: 'off',
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = once(child, 'exit');
const { promise: ready, resolve, reject } = Promise.withResolvers<string>();
let said = '';
child.stdout.on('data', (chunk) => {
  said += chunk;
  const url = /is ready on (\S+)/.exec(said)?.[1];
  if (url) resolve(url);
});
ended.then(() => reject(new Error(`the release ended: ${said}`)), reject);
try {
  const scene = await Scene.over(await ready, operatorToken(folder));
  await play(scene);
  const asked = await questions(scene);
  const { items: projections } = await scene.operator.get('/v1/operations/projections');
  const { people, noted, keyed } = scene;
  child.kill('SIGTERM');
  const [code] = await ended;
  if (code !== 0) throw new Error(`the release stopped with ${code}`);
  keep(name, folder, { stoppedAt: new Date().toISOString(), people, noted, keyed, projections, asked });
} finally {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
