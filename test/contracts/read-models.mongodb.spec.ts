import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Collection,
  type DocumentStore,
  DuplicateKey,
  openMongoDocuments,
  type StoredDocument,
} from '#read-models';
import { StorageFailure } from '#sqlite';
import { type MongoServer, startMongoServer } from '../servers/mongo-server.ts';

interface Thing extends StoredDocument {
  readonly n?: number;
}

const within = async <R>(milliseconds: number, work: Promise<R>): Promise<R> => {
  const begin = performance.now();
  try {
    return await work;
  } finally {
    expect(performance.now() - begin).toBeLessThan(milliseconds);
  }
};

describe('the MongoDB adapter when things go wrong', () => {
  let server: MongoServer;
  let store: DocumentStore;
  let things: Collection<Thing>;

  const open = async (replicaSet: boolean) => {
    server = await startMongoServer({ replicaSet });
    const patience = `${replicaSet ? '&' : '?'}serverSelectionTimeoutMS=2000&socketTimeoutMS=700&heartbeatFrequencyMS=500`;
    store = await openMongoDocuments(server.url + patience);
    things = store.collection<Thing>('things');
    await things.insertOne({ _id: 'a', n: 0 });
  };
  beforeEach(() => open(true));
  afterEach(async () => {
    server.silent(false);
    await store.close();
    await server.close();
  });
  const standalone = async () => {
    await store.close();
    await server.close();
    await open(false);
  };

  it('a server that is not there is a StorageFailure in bounded time', async () => {
    const url = server.url;
    server.away(true);
    await within(6_000, expect(openMongoDocuments(url)).rejects.toBeInstanceOf(StorageFailure));
    server.away(false);
  });

  it('a server that goes away and comes back', async () => {
    server.away(true);
    const fails = (work: Promise<unknown>) =>
      within(6_000, expect(work).rejects.toBeInstanceOf(StorageFailure));
    await fails(things.findOne({ _id: 'a' }));
    await fails(things.find({}).toArray());
    await fails(things.insertOne({ _id: 'b' }));
    await fails(store.names());
    expect(await store.health()).toMatchObject({ ok: false });
    server.away(false);
    expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', n: 0 });
    expect(await store.health()).toEqual({ ok: true });
  });

  it('a server that goes silent is a StorageFailure in bounded time', async () => {
    server.silent(true);
    await within(8_000, expect(things.findOne({ _id: 'a' })).rejects.toBeInstanceOf(StorageFailure));
    expect(await store.health()).toMatchObject({ ok: false });
  });

  it('cut connections are not noticed', async () => {
    server.dropConnections();
    expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', n: 0 });
    server.dropConnections();
    await things.updateOne({ _id: 'a' }, { $inc: { n: 1 } });
    expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', n: 1 });
  });

  it('a write whose answer is lost happens once', async () => {
    server.loseAnswers(1);
    await things.updateOne({ _id: 'a' }, { $inc: { n: 1 } });
    server.loseAnswers(1);
    await things.insertOne({ _id: 'b' });
    expect(await things.find({}).sort({ _id: 1 }).toArray()).toEqual([{ _id: 'a', n: 1 }, { _id: 'b' }]);
  });

  it('a write that does not arrive is sent again', async () => {
    server.cutWrites(1);
    await things.updateOne({ _id: 'a' }, { $inc: { n: 1 } });
    expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', n: 1 });
  });

  it('a primary that steps down is asked again; one that stays down is a StorageFailure', async () => {
    server.failWrites(1, 10_107);
    await things.updateOne({ _id: 'a' }, { $inc: { n: 1 } });
    expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', n: 1 });
    server.failWrites(50, 10_107);
    await expect(things.insertOne({ _id: 'b' })).rejects.toBeInstanceOf(StorageFailure);
    server.failWrites(0, 0);
    expect(await things.countDocuments({})).toBe(1);
  });

  it('without a replica set a lost answer is a StorageFailure: the outcome is unknown', async () => {
    await standalone();
    server.loseAnswers(1);
    await expect(things.insertOne({ _id: 'b' })).rejects.toBeInstanceOf(StorageFailure);
    await expect(things.insertOne({ _id: 'b' })).rejects.toBeInstanceOf(DuplicateKey);
  });

  it('a transaction that conflicts runs again, as a whole', async () => {
    let runs = 0;
    server.failWrites(1, 112);
    await store.transaction(async (documents) => {
      runs++;
      const inside = documents.collection<Thing>('things');
      await inside.updateOne({ _id: 'a' }, { $inc: { n: 1 } });
      await inside.insertOne({ _id: 'b' });
    });
    expect(runs).toBe(2);
    expect(await things.find({}).sort({ _id: 1 }).toArray()).toEqual([{ _id: 'a', n: 1 }, { _id: 'b' }]);
  });

  it('a transaction whose commit is not answered is committed once', async () => {
    await store.transaction(async (documents) => {
      await documents.collection<Thing>('things').updateOne({ _id: 'a' }, { $inc: { n: 1 } });
      server.loseAnswers(1);
    });
    expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', n: 1 });
    expect(server.received.get('commitTransaction')).toBe(2);
  });

  it('a refused write ends the transaction at once, whatever is tried after it', async () => {
    let runs = 0;
    const refused = store.transaction(async (documents) => {
      runs++;
      const inside = documents.collection<Thing>('things');
      await inside.insertOne({ _id: 'b' });
      await expect(inside.insertOne({ _id: 'a' })).rejects.toBeInstanceOf(DuplicateKey);
      await expect(inside.findOne({ _id: 'a' })).rejects.toBeInstanceOf(DuplicateKey);
      await expect(inside.find({}).toArray()).rejects.toBeInstanceOf(DuplicateKey);
    });
    await expect(refused).rejects.toBeInstanceOf(DuplicateKey);
    expect(runs).toBe(1);
    expect(await things.countDocuments({})).toBe(1);
  });

  it('bulkWrite is one command for each run of the same kind', async () => {
    const before = server.received.get('update') ?? 0;
    await things.bulkWrite(
      Array.from({ length: 1_000 }, (_, n) => ({
        replaceOne: { filter: { _id: `r${n}` }, replacement: { n }, upsert: true },
      })),
    );
    expect(server.received.get('update')).toBe(before + 1);
    expect(await things.countDocuments({})).toBe(1_001);
    expect(await things.find({}).toArray()).toHaveLength(1_001);
  });

  it('a prefix keeps stores apart in one database', async () => {
    const other = await openMongoDocuments(server.url, { prefix: 'other-' });
    await other.collection<Thing>('things').insertOne({ _id: 'z' });
    expect([await other.names(), await store.names()]).toEqual([['things'], ['other-things', 'things']]);
    expect(await other.collection<Thing>('things').countDocuments({})).toBe(1);
    await other.close();
  });
});
