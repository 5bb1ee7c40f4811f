import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DocumentStore } from '#read-models';
import { readSettings } from '#settings';
import { openStores, type Stores } from './stores.ts';

let folder: string;
let stores: Stores;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-stores-'));
  stores = await openStores(readSettings({ ORGLEDGER_DATA_DIR: folder }));
});

afterEach(async () => {
  await stores.close();
  rmSync(folder, { recursive: true, force: true });
});

const foldedOf = (name: string) => {
  const database = new DatabaseSync(join(folder, `${name}.db`));
  const { log, checkpointed } = database.prepare('PRAGMA wal_checkpoint(NOOP)').get() as {
    log: number;
    checkpointed: number;
  };
  database.close();
  return { isLong: log > 1_000, isFolded: log === checkpointed };
};

/** More than the thread that folds logs in leaves alone, less than what forgets folds in by itself. */
const NINE_MEGABYTES = 9_000_000;

/** In one transaction: what is folded of it is all of it. */
const fill = async (store: DocumentStore | undefined, round: number) => {
  await store
    ?.collection<{ _id: string; text: string }>('things')
    .insertOne({ _id: String(round), text: 'x'.repeat(NINE_MEGABYTES) });
};

describe('stores', () => {
  it('P13: files whose deleted content is overwritten are written by their own thread alone', async () => {
    for (const store of [stores.keys, stores.readModels, stores.sandbox]) await fill(store, 0);
    // Two rounds over all files that are folded by a thread: what it has passed by twice, it passes by.
    for (const round of [1, 2])
      for (const name of ['records', 'work'] as const) {
        await fill(stores[name], round);
        while (!foldedOf(name).isFolded) await pause(5);
      }
    for (const name of ['keys', 'read-models', 'sandbox'])
      expect([name, foldedOf(name)]).toEqual([name, { isLong: true, isFolded: false }]);
  });
});
