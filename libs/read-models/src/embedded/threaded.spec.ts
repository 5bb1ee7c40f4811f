import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StorageFailure } from '#sqlite';
import { openThreadedDocuments } from './index.ts';

const OPTIONS = { durable: false, kind: 'docs' };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-threaded-'));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

describe('the thread that writes documents dies', () => {
  it('F3: what waits and whatever is asked later is refused, and nothing of an open transaction is kept', async () => {
    const sent = jest.spyOn(Worker.prototype, 'postMessage');
    const deaths: string[] = [];
    const path = join(folder, 'documents.db');
    const store = await openThreadedDocuments(path, OPTIONS, ({ message }) => deaths.push(message));
    await store.collection('things').insertOne({ _id: 'kept' });
    const open = store.transaction(async (documents) => {
      await documents.collection('things').insertOne({ _id: 'lost' });
      await (sent.mock.contexts[0] as Worker).terminate();
      await documents.collection('things').insertOne({ _id: 'never asked' });
    });
    const later = store.collection('things').insertOne({ _id: 'later' });
    await expect(open).rejects.toThrow(StorageFailure);
    await expect(later).rejects.toThrow(StorageFailure);
    await expect(store.collection('things').findOne({ _id: 'kept' })).rejects.toThrow(StorageFailure);
    await store.close();
    expect(deaths).toEqual(['the thread that writes documents has ended']);

    const next = await openThreadedDocuments(path, OPTIONS, () => undefined);
    expect(await next.collection('things').find({}).toArray()).toEqual([{ _id: 'kept' }]);
    await next.close();
  });
});
