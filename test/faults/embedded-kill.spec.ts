import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openEmbeddedEvents } from '#event-store';
import { startChild } from './child.ts';

const KILLS = process.env.ORGLEDGER_LONG ? 400 : 40;
const WRITERS = 8;
const PROCESS = new URL('./embedded-writer-process.ts', import.meta.url).pathname;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-kill-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What one writer has said: event ids, one array for each append. */
interface Told {
  readonly acknowledged: string[][];
  /** Begun and never answered. */
  readonly unknown: string[][];
}

const told = new Map<string, Told>();

const listen = (line: string): void => {
  const [what, stream = '', list = ''] = line.split(' ');
  const ids = list.split(',');
  const writer = told.get(stream) ?? { acknowledged: [], unknown: [] };
  told.set(stream, writer);
  if (what === 'try') writer.unknown.push(ids);
  else {
    writer.unknown.pop();
    writer.acknowledged.push(ids);
  }
};

/** Every acknowledged append whole, once and in order; an unknown one whole or not at all. */
const check = async (): Promise<void> => {
  const store = openEmbeddedEvents(folder);
  const positions: number[] = [];
  const stored = new Map<string, string[]>();
  for await (const batch of store.readAll())
    for (const { stream, revision, position, id } of batch) {
      positions.push(position);
      const ids = stored.get(stream) ?? [];
      stored.set(stream, ids);
      ids[revision] = ids[revision] ? 'twice' : id;
    }
  expect(await store.head()).toBe(positions.at(-1));
  await store.close();
  expect(
    positions.every((position, index) => index === 0 || position > (positions[index - 1] as number)),
  ).toBe(true);
  expect([...stored.keys()].every((stream) => told.has(stream))).toBe(true);
  for (const [stream, { acknowledged, unknown }] of told) {
    const ids = stored.get(stream) ?? [];
    const begun = new Map(unknown.map((append) => [append[0], append]));
    const certain = acknowledged.values();
    let expected = certain.next().value;
    const whole: string[] = [];
    while (whole.length < ids.length) {
      const first = ids[whole.length];
      const isCertain = first === expected?.[0];
      const append: string[] = (isCertain ? expected : begun.get(first)) ?? [
        'neither acknowledged nor tried',
      ];
      whole.push(...append);
      if (isCertain) expected = certain.next().value;
      else begun.delete(first);
    }
    expect(ids).toEqual(whole);
    expect(expected).toBeUndefined();
  }
};

describe('F2: a writer that is killed', () => {
  it(
    `P1: ${KILLS} kills under ${WRITERS} writers: every acknowledged append is there once, whole, in order`,
    async () => {
      let killed = 0;
      let whileWriting = 0;
      for (let round = 0; round < KILLS; round += 1) {
        const child = startChild([PROCESS, folder, String(round + 1), String(WRITERS)], { onLine: listen });
        await child.line(/^ack /);
        await sleep(Math.random() * 150);
        child.kill('SIGKILL');
        if ((await child.ended) === 'SIGKILL') killed += 1;
        if (child.lines.filter((line) => line.startsWith('ack ')).length > WRITERS) whileWriting += 1;
        await check();
      }
      const acknowledged = [...told.values()].reduce((sum, writer) => sum + writer.acknowledged.length, 0);
      const unknown = [...told.values()].reduce((sum, writer) => sum + writer.unknown.length, 0);
      process.stdout.write(
        `F2: ${killed} kills, ${acknowledged} appends acknowledged, ${unknown} left unknown\n`,
      );
      expect(killed).toBe(KILLS);
      expect(whileWriting).toBeGreaterThan(KILLS / 2);
      expect(told.size).toBe(WRITERS);
      expect(unknown).toBeGreaterThanOrEqual(KILLS);
    },
    KILLS * 5_000,
  );
});
