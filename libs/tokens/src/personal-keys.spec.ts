import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Scratch, scratchDocuments } from '../../../test/support/scratch-documents.ts';
import { MasterKey, PersonalKeys, UnreadableKey } from './index.ts';

const master = new MasterKey(Buffer.alloc(32, 5));
const one = async (keys: PersonalKeys, subject: string, create = false) =>
  (await keys.of([subject], { create })).get(subject);

let scratch: Scratch;
beforeEach(async () => {
  scratch = await scratchDocuments();
});
afterEach(() => scratch.close());

describe('keys of persons', () => {
  it('are made once and found again by another process', async () => {
    const keys = new PersonalKeys(scratch.store, master);
    expect(await one(keys, 'usr_1')).toBeNull();
    const made = await one(keys, 'usr_1', true);
    expect(made).toHaveLength(32);
    expect(await one(keys, 'usr_1')).toEqual(made);
    expect(await one(new PersonalKeys(scratch.store, master), 'usr_1')).toEqual(made);
    expect(await one(keys, 'usr_2', true)).not.toEqual(made);
  });

  it('are wrapped in the store, each for its own person', async () => {
    const keys = new PersonalKeys(scratch.store, master);
    const made = (await one(keys, 'usr_1', true)) as Buffer;
    await one(keys, 'usr_2', true);
    const stored = scratch.store.collection<{ _id: string; wrapped: string }>('keys');
    const document = await stored.findOne({ _id: 'usr_1' });
    expect(JSON.stringify(document)).not.toContain(made.toString('base64url').slice(0, 20));
    await stored.updateOne({ _id: 'usr_2' }, { $set: { wrapped: document?.wrapped as string } });
    await expect(one(new PersonalKeys(scratch.store, master), 'usr_2')).rejects.toThrow(UnreadableKey);
  });

  it('made by many at once for the same persons are one key each', async () => {
    const subjects = Array.from({ length: 700 }, (_, index) => `usr_${index}`);
    const processes = Array.from({ length: 4 }, () => new PersonalKeys(scratch.store, master));
    const all = await Promise.all(
      processes.map((keys) => keys.of([...subjects, ...subjects], { create: true })),
    );
    for (const found of all) {
      expect(found.size).toBe(700);
      expect(found).toEqual(all[0]);
    }
    expect(new Set([...(all[0]?.values() ?? [])].map((key) => key?.toString('hex'))).size).toBe(700);
  });

  it('P13: of somebody who probably is new are made without a look; whoever was there keeps theirs, and the destroyed stay so', async () => {
    const looks: unknown[] = [];
    const watched = {
      collection: (name: string) => {
        const collection = scratch.store.collection(name);
        return Object.assign(Object.create(collection), {
          findOne: (filter: { _id: string }) => {
            looks.push(filter._id);
            return collection.findOne(filter);
          },
          insertOne: collection.insertOne.bind(collection),
        });
      },
    } as Pick<typeof scratch.store, 'collection'>;
    const beginning = async (subject: string) => {
      const begins = { create: true, begins: true };
      return (await new PersonalKeys(watched, master).of([subject], begins)).get(subject);
    };
    const made = await beginning('usr_1');
    expect([made?.length, looks]).toEqual([32, []]);
    expect(await beginning('usr_1')).toEqual(made);
    await new PersonalKeys(scratch.store, master).destroy('usr_1');
    expect(await beginning('usr_1')).toBeNull();
    expect(looks).toEqual(['usr_1', 'usr_1']);
  });

  it('P13: a destroyed key is gone for ever, in the store and in memory', async () => {
    const keys = new PersonalKeys(scratch.store, master);
    await keys.of(['usr_1', 'usr_2'], { create: true });
    await keys.destroy('usr_1');
    await keys.destroy('usr_never');
    for (const reader of [keys, new PersonalKeys(scratch.store, master)])
      expect([...(await reader.of(['usr_1', 'usr_2', 'usr_never'], { create: true }))]).toEqual(
        [
          ['usr_1', null],
          ['usr_2', expect.any(Buffer)],
          ['usr_never', null],
        ].sort(),
      );
    expect(await scratch.store.collection('keys').findOne({ _id: 'usr_1' })).toEqual({
      _id: 'usr_1',
      destroyed: true,
    });
  });

  it('P13: destroying while others create or read never brings the key back', async () => {
    const keys = new PersonalKeys(scratch.store, master);
    for (let round = 0; round < 50; round++) {
      const subject = `usr_${round}`;
      await Promise.all([
        one(keys, subject, true),
        keys.destroy(subject),
        one(keys, subject, true),
        one(new PersonalKeys(scratch.store, master), subject, true),
      ]);
      expect(await one(keys, subject, true)).toBeNull();
      expect(await one(new PersonalKeys(scratch.store, master), subject, true)).toBeNull();
    }
  });

  it('destroyed by another process are forgotten when told so', async () => {
    const keys = new PersonalKeys(scratch.store, master);
    await one(keys, 'usr_1', true);
    await new PersonalKeys(scratch.store, master).destroy('usr_1');
    keys.forget('usr_1');
    expect(await one(keys, 'usr_1', true)).toBeNull();
  });
});
