import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

const TIMES = 10;
const script = fileURLToPath(new URL('./eventstoredb-client.traps.ts', import.meta.url));

it(`F9: four traps of the client, ${TIMES} times each: none hangs, none crashes, no wrong revision is used`, async () => {
  // A process of its own: what a client throws where nobody can catch it ends that process.
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--conditions=orgledger-source', '--unhandled-rejections=strict', script, String(TIMES)],
    { timeout: 60_000 },
  );
  expect(stderr.replaceAll(/.*ExperimentalWarning.*\n.*trace-warnings.*\n/g, '')).toBe('');
  const { rounds, failures, injected } = JSON.parse(stdout);
  expect(failures).toEqual([]);
  expect(Object.values(rounds)).toEqual([TIMES, TIMES, TIMES, TIMES]);
  expect(injected.wrongVersions).toBe(TIMES);
  expect(injected.silenced).toBeGreaterThanOrEqual(3 * TIMES);
  expect(injected.endedSubscriptions).toBe(TIMES);
}, 90_000);
