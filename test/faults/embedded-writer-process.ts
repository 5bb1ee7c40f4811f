// Eight writers on one embedded event store, until the process is killed: see embedded-kill.spec.ts.
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NewEvent, openEmbeddedEvents, StoreUnavailable } from '#event-store';
import type { EventMetadata } from '#kernel';
import { FolderLock } from '#sqlite';

const [folder, seed, writers] = process.argv.slice(2) as [string, string, string];
FolderLock.take(folder);
const store = openEmbeddedEvents(folder);
const metadata: EventMetadata = {
  commandId: randomUUID(),
  fingerprint: '',
  correlationId: randomUUID(),
  causationId: null,
  actor: { type: 'system', id: 'test' },
  source: 'system',
  sourceIp: null,
  userAgent: null,
  organizationId: null,
  schemaVersion: 1,
  occurredAt: new Date().toISOString(),
};

/** At once, whoever listens: what `process.stdout` still held would be lost with the process. */
const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

let random = Number(seed);
const below = (limit: number): number => {
  random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
  return (random >>> 16) % limit;
};

/** The same append again until it is answered: what was refused may be tried again. */
const appended = async (stream: string, before: number, events: readonly NewEvent[]): Promise<number> => {
  for (;;)
    try {
      return (await store.append(stream, before, events)).revision;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      say(`failed ${stream}`);
      await sleep(20);
    }
};

const write = async (writer: number): Promise<never> => {
  const stream = `writer-${writer}`;
  let revision = (await store.read(stream)).length - 1;
  for (;;) {
    const events = Array.from({ length: 1 + below(3) }, () => ({
      id: randomUUID(),
      type: 'Written',
      data: { text: 'x'.repeat(below(400)) },
      metadata,
    }));
    const ids = events.map(({ id }) => id).join(',');
    say(`try ${stream} ${ids}`);
    revision = await appended(stream, revision, events);
    say(`ack ${stream} ${ids}`);
  }
};

await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(writer)));
