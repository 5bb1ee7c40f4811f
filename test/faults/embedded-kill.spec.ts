import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startChild } from './child.ts';
import { Writers } from './writers.ts';

const KILLS = process.env.ORGLEDGER_LONG ? 400 : 40;
const WRITERS = 8;
const PROCESS = new URL('./embedded-writer-process.ts', import.meta.url).pathname;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-kill-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('F2: a writer that is killed', () => {
  it(
    `P1: ${KILLS} kills under ${WRITERS} writers: every acknowledged append is there once, whole, in order`,
    async () => {
      const writers = new Writers();
      let killed = 0;
      let whileWriting = 0;
      for (let round = 0; round < KILLS; round += 1) {
        const child = startChild([PROCESS, folder, String(round + 1), String(WRITERS)], {
          onLine: writers.listen,
        });
        await child.line(/^ack /);
        await sleep(Math.random() * 150);
        child.kill('SIGKILL');
        if ((await child.ended) === 'SIGKILL') killed += 1;
        if (child.lines.filter((line) => line.startsWith('ack ')).length > WRITERS) whileWriting += 1;
        await writers.check(folder);
      }
      const { acknowledged, unknown, count } = writers;
      process.stdout.write(
        `F2: ${killed} kills, ${acknowledged} appends acknowledged, ${unknown} left unknown\n`,
      );
      expect(killed).toBe(KILLS);
      expect(whileWriting).toBeGreaterThan(KILLS / 2);
      expect(count).toBe(WRITERS);
      expect(unknown).toBeGreaterThanOrEqual(KILLS);
    },
    KILLS * 5_000,
  );
});
