import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { constants, getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StorageFailure } from '#sqlite';
import type { DocumentStore } from '../port.ts';
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

describe('the thread that writes documents leaves the processor to who answers', () => {
  const threads = existsSync('/proc/self/task') ? () => readdirSync('/proc/self/task').map(Number) : () => [];
  const givingWay = (): number =>
    threads().filter((thread) => getPriority(thread) === constants.priority.PRIORITY_BELOW_NORMAL).length;

  it('where threads have priorities', async () => {
    const before = givingWay();
    const store = await openThreadedDocuments(join(folder, 'documents.db'), OPTIONS, () => undefined);
    const [one, usual] = [threads().length > 0 ? 1 : 0, constants.priority.PRIORITY_NORMAL];
    expect([givingWay() - before, getPriority()]).toEqual([one, usual]);
    await store.close();
  });
});

describe('a transaction whose writes are sent before it ends', () => {
  const some = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => ({ insertOne: { document: { _id: `t${from + n}` } } }));

  const whileOpen = async (check: (store: DocumentStore) => Promise<void>) => {
    const store = await openThreadedDocuments(join(folder, 'documents.db'), OPTIONS, () => undefined);
    await check(store).finally(() => store.close());
  };

  it('whoever reads after each of its answers finds the collections it has made once it is committed', async () => {
    const sent = jest.spyOn(Worker.prototype, 'postMessage');
    await whileOpen(async (store) => {
      await store.collection('others').insertOne({ _id: 'o' });
      const things = store.collection('things');
      let answers = 0;
      const worker = sent.mock.contexts[0] as Worker;
      const read = () => {
        answers++;
        things.findOne({ _id: 'none' });
      };
      worker.on('message', read);
      await store.transaction(async (documents) => {
        for (let from = 0; from < 2_100; from += 700)
          await documents.collection('things').bulkWrite(some(from, 700));
      });
      worker.off('message', read);
      expect([answers, await things.countDocuments({})]).toEqual([4, 2_100]);
    });
  });

  it('one that the file was never asked about fails whatever comes after it, and the commit', async () => {
    await whileOpen(async (store) => {
      const things = store.collection('things');
      const refused = [...some(1, 300), { insertOne: { document: { _id: 7 as never } } }];
      const message = 'an _id is a string, not 7';
      const asked: string[] = [];
      const transaction = store.transaction(async (documents) => {
        const within = documents.collection('things');
        await within.bulkWrite(refused);
        await within.bulkWrite(some(400, 300));
        await within.findOne({ _id: 't400' }).catch((error) => asked.push(error.message));
      });
      await expect(transaction).rejects.toThrow(message);
      expect(asked).toEqual([message]);
      const committing = store.transaction(async (documents) => {
        await documents.collection('things').bulkWrite(refused);
      });
      await expect(committing).rejects.toThrow(message);
      expect(await things.countDocuments({})).toBe(0);
    });
  });

  it('one that cannot begin is refused, and the thread goes on', async () => {
    await whileOpen(async (store) => {
      const things = store.collection('things');
      await things.insertOne({ _id: 'kept' });
      const writing = () =>
        store.transaction((documents) => documents.collection('things').bulkWrite(some(1, 1)));
      const other = new DatabaseSync(join(folder, 'documents.db'));
      other.exec('BEGIN IMMEDIATE');
      await expect(writing()).rejects.toThrow(StorageFailure);
      other.close();
      await writing();
      expect(await things.countDocuments({})).toBe(2);
    });
  });
});
