import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type EventStore,
  type NewEvent,
  NO_STREAM,
  openEmbeddedEvents,
  RevisionConflict,
  StoreUnavailable,
  Together,
} from '#event-store';

let folder: string;
let store: EventStore;
let engine: DatabaseSync;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-together-'));
  store = openEmbeddedEvents(folder);
  engine = new DatabaseSync(join(folder, 'events.db'));
});

afterEach(async () => {
  engine.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const onDisk = () =>
  engine
    .prepare('SELECT pos, stream FROM events ORDER BY pos')
    .all()
    .map(({ pos, stream }) => [pos, stream]);

const failing = () =>
  engine.exec("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'full'); END");
const mended = () => engine.exec('DROP TRIGGER full');

const event = (): NewEvent => ({
  id: randomUUID(),
  type: 'Counted',
  data: {},
  metadata: {} as NewEvent['metadata'],
});

describe('appends of one command', () => {
  it('P1: one made ahead has its place at once and is on the disk before the command is answered', async () => {
    const together = new Together();
    const first = await store.append('claim-a', NO_STREAM, [event()], together);
    expect(first).toMatchObject({ revision: 0, position: 1 });
    expect(onDisk()).toEqual([]);
    expect(await store.head()).toBe(0);
    const last = await store.append('invitation-b', NO_STREAM, [event(), event()], together);
    expect(last).toMatchObject({ revision: 1, position: 3 });
    await together.onDisk;
    expect(onDisk()).toEqual([
      [1, 'claim-a'],
      [2, 'invitation-b'],
      [3, 'invitation-b'],
    ]);
  });

  it('P1: without one that waits, the disk is waited for all the same', async () => {
    const together = new Together();
    await store.append('claim-a', NO_STREAM, [event()], together);
    await together.onDisk;
    expect(onDisk()).toEqual([[1, 'claim-a']]);
  });

  it('P4: a place that is taken ahead is taken, and repeating the append answers the same place', async () => {
    const together = new Together();
    const events = [event()];
    await store.append('claim-a', NO_STREAM, events, together);
    const other = store.append('claim-a', NO_STREAM, [event()]);
    const same = store.append('claim-a', NO_STREAM, events);
    await expect(other).rejects.toThrow(RevisionConflict);
    expect(await same).toEqual({ revision: 0, position: 1 });
    expect(onDisk()).toHaveLength(1);
  });

  it('P1: when the disk fails none is kept, what follows in the command is refused, and the places are free', async () => {
    await store.append('claim-before', NO_STREAM, [event()]);
    const together = new Together();
    failing();
    await store.append('claim-a', NO_STREAM, [event()], together);
    const alongside = store.append('account-c', NO_STREAM, [event()]);
    await expect(together.onDisk).rejects.toThrow(StoreUnavailable);
    await expect(alongside).rejects.toThrow(StoreUnavailable);
    mended();
    await expect(store.append('invitation-b', NO_STREAM, [event()], together)).rejects.toThrow(
      StoreUnavailable,
    );
    expect(await store.append('claim-a', NO_STREAM, [event()])).toEqual({ revision: 0, position: 2 });
    expect(onDisk()).toEqual([
      [1, 'claim-before'],
      [2, 'claim-a'],
    ]);
  });

  it('P1: a command that began before something was lost may rest on it, and is refused', async () => {
    const together = new Together();
    failing();
    const lost = store.append('claim-a', NO_STREAM, [event()], new Together());
    await expect((await lost).onDisk).rejects.toThrow(StoreUnavailable);
    mended();
    await expect(store.append('invitation-b', NO_STREAM, [event()], together)).rejects.toThrow(
      StoreUnavailable,
    );
    await store.append('invitation-b', NO_STREAM, [event()]);
    expect(onDisk()).toEqual([[1, 'invitation-b']]);
  });

  it('P1: a stop takes what was made ahead to the disk', async () => {
    await store.append('claim-a', NO_STREAM, [event()], new Together());
    await store.close();
    expect(onDisk()).toEqual([[1, 'claim-a']]);
  });
});
