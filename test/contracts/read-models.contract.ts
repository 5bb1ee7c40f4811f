import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { IndexSpec } from '#kernel';
import {
  type Collection,
  type DocumentStore,
  DuplicateKey,
  type Found,
  type StoredDocument,
  UnsupportedQuery,
} from '#read-models';

/** Documents of any shape: the contract is about values, not about types. */
interface Thing extends StoredDocument {
  // biome-ignore lint/suspicious/noExplicitAny: any JSON.
  readonly [field: string]: any;
}

export interface OpenedStore {
  readonly store: DocumentStore;
  /** The same documents through a new connection. */
  reopen(): Promise<DocumentStore>;
  close(): Promise<void>;
}

const index = (spec: Record<string, 1 | -1>): IndexSpec => spec;
const ids = async (found: Found<Thing>): Promise<string[]> => (await found.toArray()).map(({ _id }) => _id);

/** What both adapters do, exactly alike. */
export const documentStoreContract = (name: string, open: () => Promise<OpenedStore>): void => {
  describe(`document store: ${name}`, () => {
    let opened: OpenedStore;
    let store: DocumentStore;
    let things: Collection<Thing>;

    beforeEach(async () => {
      opened = await open();
      store = opened.store;
      things = store.collection<Thing>('things');
    });
    afterEach(() => opened.close());

    /** Every filter is asked twice: with nothing but documents, and with indexes over what it names. */
    const plainAndIndexed =
      (documents: readonly Thing[], indexes: readonly IndexSpec[], check: () => Promise<void>) =>
      async () => {
        for (const document of documents) await things.insertOne(document);
        await check();
        await store.ensureIndexes('things', indexes);
        await check();
      };

    describe('filters', () => {
      const MIXED: Thing[] = [
        { _id: 'a', v: 1 },
        { _id: 'b', v: 2.5 },
        { _id: 'c', v: '1' },
        { _id: 'd', v: 'two' },
        { _id: 'e', v: true },
        { _id: 'f', v: false },
        { _id: 'g', v: null },
        { _id: 'h' },
        { _id: 'i', v: -3 },
        { _id: 'j', v: '' },
        { _id: 'k', v: { w: 1 } },
      ];
      const cases: [title: string, filter: object, expected: string][] = [
        ['everything', {}, 'a b c d e f g h i j k'],
        ['equality with a number', { v: 1 }, 'a'],
        ['equality with text, which is not a number', { v: '1' }, 'c'],
        ['equality with the empty text', { v: '' }, 'j'],
        ['equality with a boolean', { v: true }, 'e'],
        ['equality with false', { v: { $eq: false } }, 'f'],
        ['null is null or missing', { v: null }, 'g h'],
        ['$ne', { v: { $ne: 1 } }, 'b c d e f g h i j k'],
        ['$ne null', { v: { $ne: null } }, 'a b c d e f i j k'],
        ['$gt compares numbers with numbers', { v: { $gt: 1 } }, 'b'],
        ['$gte', { v: { $gte: 1 } }, 'a b'],
        ['$lt', { v: { $lt: 1 } }, 'i'],
        ['$lte', { v: { $lte: 1 } }, 'a i'],
        ['$gt compares text with text', { v: { $gt: '1' } }, 'd'],
        ['$gte text', { v: { $gte: '' } }, 'c d j'],
        ['$lt text', { v: { $lt: 'two' } }, 'c j'],
        ['$gt compares booleans with booleans', { v: { $gt: false } }, 'e'],
        ['$lte boolean', { v: { $lte: true } }, 'e f'],
        ['nothing is greater than null', { v: { $gt: null } }, ''],
        ['$gte null is null', { v: { $gte: null } }, 'g h'],
        ['a range', { v: { $gt: -3, $lt: 2.5 } }, 'a'],
        ['a range of text', { v: { $gte: '1', $lt: 'two' } }, 'c'],
        ['a range between types is empty', { v: { $gt: 1, $lt: 'z' } }, ''],
        ['$in', { v: { $in: [1, 'two', false] } }, 'a d f'],
        ['$in with text alone', { v: { $in: ['1', 'two', 'three'] } }, 'c d'],
        ['$in with null', { v: { $in: [null, '1'] } }, 'c g h'],
        ['$in with nothing', { v: { $in: [] } }, ''],
        ['$nin', { v: { $nin: [1, null] } }, 'b c d e f i j k'],
        ['$exists counts null as there', { v: { $exists: true } }, 'a b c d e f g i j k'],
        ['$exists false', { v: { $exists: false } }, 'h'],
        ['$not', { v: { $not: { $gt: 1 } } }, 'a c d e f g h i j k'],
        ['$not with two operators', { v: { $not: { $gt: -5, $lt: 2 } } }, 'b c d e f g h j k'],
        ['$regex', { v: { $regex: '^t' } }, 'd'],
        ['$regex as an expression', { v: /^tw/ }, 'd'],
        ['$regex with nothing after ^', { v: { $regex: /^/ } }, 'c d j'],
        ['$not $regex', { v: { $not: /^t/ } }, 'a b c e f g h i j k'],
        ['$and', { $and: [{ v: { $gte: 1 } }, { v: { $lt: 2 } }] }, 'a'],
        ['$or', { $or: [{ v: 1 }, { v: 'two' }, { v: null }] }, 'a d g h'],
        ['$or beside a field', { v: { $gte: 1 }, $or: [{ _id: 'a' }, { v: 'two' }] }, 'a'],
        ['$or within $and within $or', { $or: [{ $and: [{ v: 1 }, { $or: [{ _id: 'a' }] }] }] }, 'a'],
        ['a path below a field', { 'v.w': 1 }, 'k'],
        ['a path that leads nowhere is missing', { 'v.w': null }, 'a b c d e f g h i j'],
        ['an _id', { _id: 'd' }, 'd'],
        ['an _id and more', { _id: 'd', v: 1 }, ''],
        ['several ids', { _id: { $in: ['d', 'a', 'zz'] } }, 'a d'],
        ['a range of ids', { _id: { $gt: 'b', $lte: 'd' } }, 'c d'],
        ['an _id is never a number', { _id: 1 }, ''],
        ['$ne on an _id', { _id: { $ne: 'a' }, v: { $gte: 1 } }, 'b'],
        ['a field that no document has', { x: { $gt: 1 } }, ''],
      ];
      for (const [title, filter, expected] of cases)
        it(
          title,
          plainAndIndexed(MIXED, [index({ v: 1, _id: 1 }), index({ 'v.w': -1 })], async () => {
            const sorted = things.find(filter as never).sort({ _id: 1 });
            expect((await ids(sorted)).join(' ')).toBe(expected);
            const count = expected === '' ? 0 : expected.split(' ').length;
            expect(await things.countDocuments(filter as never)).toBe(count);
            expect(await things.countDocuments(filter as never, { limit: 2 })).toBe(Math.min(2, count));
            expect((await things.findOne(filter as never, { sort: { _id: -1 } }))?._id ?? '').toBe(
              expected.split(' ').at(-1),
            );
          }),
        );

      const LISTS: Thing[] = [
        { _id: 'a', org: 'o1', words: ['anna', 'anna@example.org'], n: [1, 5] },
        { _id: 'b', org: 'o1', words: ['bert', 'say "anna"', 'berta'], n: [] },
        { _id: 'c', org: 'o2', words: ['anna'], n: [15] },
        { _id: 'd', org: 'o1', words: 'annabel', n: 5 },
        { _id: 'e', org: 'o1' },
        { _id: 'f', org: 'o1', words: [], n: [null, true] },
        { _id: 'g', org: 'o2', words: [null, 'änne'] },
      ];
      const listCases: [title: string, filter: object, expected: string][] = [
        ['equality into an array', { words: 'anna' }, 'a c'],
        ['a number in an array', { n: 5 }, 'a d'],
        ['a boolean in an array', { n: true }, 'f'],
        ['null in an array', { words: null }, 'e g'],
        ['$ne of an array: none of its elements', { words: { $ne: 'anna' } }, 'b d e f g'],
        ['$in over arrays', { words: { $in: ['berta', 'annabel'] } }, 'b d'],
        ['$nin over arrays', { words: { $nin: ['anna', 'bert'] } }, 'd e f g'],
        ['a prefix in an array', { words: { $regex: '^anna' } }, 'a c d'],
        ['a prefix beyond ASCII', { words: /^än/ }, 'g'],
        ['a prefix within one organization', { org: 'o1', words: /^anna/ }, 'a d'],
        ['a prefix with a dot is literal', { words: /^anna@example\.org/ }, 'a'],
        ['a prefix with a quote', { words: { $regex: '^say "' } }, 'b'],
        ['any element may be in the range', { n: { $gt: 4, $lt: 2 } }, 'a'],
        ['$exists of an empty array', { n: { $exists: true } }, 'a b c d f'],
        ['$not over arrays', { words: { $not: /^a/ } }, 'b e f g'],
        ['$or over arrays', { $or: [{ words: 'bert' }, { n: 15 }] }, 'b c'],
      ];
      for (const [title, filter, expected] of listCases)
        it(
          title,
          plainAndIndexed(
            LISTS,
            [index({ words: 1 }), index({ org: 1, words: 1, _id: 1 }), index({ n: 1 })],
            async () => {
              expect((await ids(things.find(filter as never).sort({ _id: 1 }))).join(' ')).toBe(expected);
              expect(await things.countDocuments(filter as never)).toBe(expected.split(' ').length);
            },
          ),
        );

      it(
        'looks into arrays of objects',
        plainAndIndexed(
          [
            { _id: 'a', members: [{ user: 'u1', role: 'owner' }, { user: 'u2' }] },
            { _id: 'b', members: [{ user: 'u2', role: 'owner' }] },
            { _id: 'c', members: { user: 'u1' } },
            { _id: 'd', members: [] },
          ],
          [index({ 'members.user': 1 })],
          async () => {
            const found = (filter: object) => ids(things.find(filter as never).sort({ _id: 1 }));
            expect(await found({ 'members.user': 'u1' })).toEqual(['a', 'c']);
            expect(await found({ 'members.user': { $in: ['u2'] } })).toEqual(['a', 'b']);
            expect(await found({ 'members.role': { $exists: true } })).toEqual(['a', 'b']);
            expect(await found({ 'members.user': { $ne: 'u1' } })).toEqual(['b', 'd']);
          },
        ),
      );
    });

    describe('order and pages', () => {
      const PEOPLE: Thing[] = [
        { _id: '1', org: 'a', name: 'zoe', age: 3 },
        { _id: '2', org: 'a', name: 'Bob', age: 30 },
        { _id: '3', org: 'a', name: 'amy', age: 30 },
        { _id: '4', org: 'b', name: 'amy', age: 2 },
        { _id: '5', org: 'a', age: 30 },
        { _id: '6', org: 'a', name: null, age: 2 },
        { _id: '7', org: 'a', name: 'amy', age: 7 },
        { _id: '8', org: 'a', name: 'émile', age: 7 },
        { _id: '9', org: 'a', name: '\u{1F600}', age: 7 },
        { _id: 'A', org: 'a', name: '\uFF5E', age: 7 },
      ];
      const INDEXES = [
        index({ org: 1, name: 1, _id: 1 }),
        index({ org: 1, age: -1, name: 1, _id: 1 }),
        index({ name: 1 }),
      ];
      const sorts: [title: string, filter: object, sort: Record<string, 1 | -1>, expected: string][] = [
        ['by a field, ties by _id', { org: 'a' }, { name: 1, _id: 1 }, '5 6 2 3 7 1 8 A 9'],
        ['backwards', { org: 'a' }, { name: -1, _id: -1 }, '9 A 8 1 7 3 2 6 5'],
        ['mixed directions', { org: 'a' }, { age: -1, name: 1, _id: 1 }, '5 2 3 7 8 A 9 1 6'],
        ['mixed directions, turned round', { org: 'a' }, { age: 1, name: -1, _id: -1 }, '6 1 9 A 8 7 3 2 5'],
        ['directions that no index has', { org: 'a' }, { age: 1, name: 1, _id: -1 }, '6 1 7 8 A 9 5 2 3'],
        ['over everything', {}, { name: 1, _id: 1 }, '5 6 2 3 4 7 1 8 A 9'],
        ['by _id alone', {}, { _id: -1 }, 'A 9 8 7 6 5 4 3 2 1'],
      ];
      for (const [title, filter, sort, expected] of sorts)
        it(
          `sorts ${title}`,
          plainAndIndexed(PEOPLE, INDEXES, async () => {
            expect((await ids(things.find(filter as never).sort(sort))).join(' ')).toBe(expected);
            const middle = things.find(filter as never, { sort, skip: 2, limit: 3 });
            expect((await ids(middle)).join(' ')).toBe(expected.split(' ').slice(2, 5).join(' '));
            const last = await things.findOne(filter as never, { sort });
            expect(last?._id).toBe(expected.split(' ')[0]);
          }),
        );

      it(
        'sorts values of all types: null and missing, numbers, text, booleans',
        plainAndIndexed(
          [
            { _id: 'a', v: true },
            { _id: 'b', v: 'x' },
            { _id: 'c', v: 10 },
            { _id: 'd', v: 9 },
            { _id: 'e' },
            { _id: 'f', v: null },
            { _id: 'g', v: false },
            { _id: 'h', v: '' },
            { _id: 'i', v: -1.5 },
          ],
          [index({ v: 1, _id: 1 })],
          async () => {
            const sorted = things.find({}).sort({ v: 1, _id: 1 });
            expect((await ids(sorted)).join('')).toBe('efidchbga');
          },
        ),
      );

      it(
        'keyset pages meet every document once, in order, also over null',
        plainAndIndexed(PEOPLE, INDEXES, async () => {
          for (const direction of [1, -1] as const) {
            const sort = { name: direction, _id: direction };
            const walked: string[] = [];
            for (let last: Thing | undefined; ; ) {
              const page = await things
                .find({ org: 'a', ...(last && { $or: beyond(last, direction) }) } as never)
                .sort(sort)
                .limit(2)
                .toArray();
              walked.push(...page.map(({ _id }) => _id));
              last = page.at(-1);
              if (page.length < 2) break;
            }
            expect(walked).toEqual(await ids(things.find({ org: 'a' }).sort(sort)));
          }
        }),
      );

      const beyond = ({ name, _id }: Thing, direction: 1 | -1): object[] => {
        const further = direction === 1 ? '$gt' : '$lt';
        const value = name ?? null;
        const tie = { name: value, _id: { [further]: _id } };
        if (direction === 1) return [{ name: value === null ? { $ne: null } : { $gt: value } }, tie];
        return value === null ? [tie] : [{ name: { $lt: value } }, { name: null }, tie];
      };

      it(
        'keyset pages over two fields in different directions',
        plainAndIndexed(PEOPLE, INDEXES, async () => {
          const page = things.find({
            org: 'a',
            $or: [
              { age: { $lt: 7 } },
              { age: 7, name: { $gt: 'amy' } },
              { age: 7, name: 'amy', _id: { $gt: '7' } },
            ],
          } as never);
          expect((await ids(page.sort({ age: -1, name: 1, _id: 1 }).limit(4))).join(' ')).toBe('8 A 9 1');
        }),
      );

      it(
        'searches in arrays, sorted by another field',
        plainAndIndexed(
          Array.from({ length: 60 }, (_, n) => ({
            _id: `p${String(n).padStart(2, '0')}`,
            org: n % 2 ? 'a' : 'b',
            name: `n${(n * 7) % 60}`,
            words: [`w${n % 3}`, `w${n % 5}x`, 'all'],
          })),
          [index({ org: 1, name: 1, _id: 1 }), index({ org: 1, words: 1 })],
          async () => {
            const page = (prefix: string) =>
              things
                .find({ org: 'a', words: { $regex: `^${prefix}` } })
                .sort({ name: 1, _id: 1 })
                .limit(3);
            expect(await ids(page('al'))).toEqual(['p43', 'p53', 'p19']);
            expect(await ids(page('w1'))).toEqual(['p43', 'p19', 'p11']);
            expect(await ids(page('w4'))).toEqual(['p19', 'p29', 'p09']);
            expect(await ids(page('none'))).toEqual([]);
          },
        ),
      );

      it('walks everything, also more than fits one turn', async () => {
        const documents = Array.from({ length: 2_500 }, (_, n) => ({ _id: `d${n}`, n, odd: n % 2 === 1 }));
        await things.bulkWrite(documents.map((document) => ({ insertOne: { document } })));
        await store.ensureIndexes('things', [index({ n: 1 })]);
        const seen: number[] = [];
        for await (const { n } of found(things.find({ odd: true }).sort({ n: 1 }))) seen.push(n);
        expect(seen).toEqual(Array.from({ length: 1_250 }, (_, at) => at * 2 + 1));
        expect(await things.find({}).toArray()).toHaveLength(2_500);
        expect(await things.countDocuments({ odd: true })).toBe(1_250);
        let some = 0;
        for await (const _ of found(things.find({}))) if (++some === 1_700) break;
        expect(some).toBe(1_700);
        expect(await things.deleteMany({ odd: true })).toMatchObject({ deletedCount: 1_250 });
        expect(await things.countDocuments({})).toBe(1_250);
      });

      it('an absent collection is empty', async () => {
        expect(await things.find({}).toArray()).toEqual([]);
        expect(await things.findOne({ _id: 'a' })).toBeNull();
        expect(await things.countDocuments({})).toBe(0);
        expect(await things.deleteOne({ _id: 'a' })).toMatchObject({ deletedCount: 0 });
        expect(await things.deleteMany({})).toMatchObject({ deletedCount: 0 });
        expect(await things.updateOne({ _id: 'a' }, { $set: { v: 1 } })).toMatchObject({ matchedCount: 0 });
      });
    });

    describe('values', () => {
      const values: [string, unknown][] = [
        ['the largest safe integer', Number.MAX_SAFE_INTEGER],
        ['the smallest safe integer', Number.MIN_SAFE_INTEGER],
        ['a fraction', 0.1 + 0.2],
        ['a tiny number', 5e-324],
        ['a huge number', 1.7976931348623157e308],
        ['emoji', 'a\u{1F469}\u200D\u{1F680}z'],
        ['a NUL', 'a\u0000b'],
        ['quotes and backslashes', 'a"b\\c\'d%_'],
        ['long text', 'x'.repeat(20_000)],
      ];
      for (const [title, value] of values)
        it(`keeps and finds ${title}`, async () => {
          await store.ensureIndexes('things', [index({ v: 1 })]);
          await things.insertOne({ _id: 'a', v: value, deep: [{ v: value }], other: { v: value } });
          await things.insertOne({ _id: 'b', v: typeof value === 'number' ? 17 : 'other' });
          expect(await things.findOne({ v: value })).toEqual({
            _id: 'a',
            v: value,
            deep: [{ v: value }],
            other: { v: value },
          });
          expect(await ids(things.find({ v: { $gte: value, $lte: value } } as never))).toEqual(['a']);
          expect(await ids(things.find({ 'other.v': value }))).toEqual(['a']);
          expect(await ids(things.find({ 'deep.v': { $in: [value] } }))).toEqual(['a']);
        });

      it('a field that is undefined is not stored', async () => {
        await things.insertOne({ _id: 'a', v: undefined, w: { x: undefined, y: null } });
        expect(Object.keys((await things.findOne({ _id: 'a' }))!)).toEqual(['_id', 'w']);
        expect(await ids(things.find({ v: { $exists: false }, 'w.x': { $exists: false } }))).toEqual(['a']);
      });

      it('what may be lost with the power is there all the same', async () => {
        await things.insertOne({ _id: 'a', v: 1 }, { writeConcern: { j: false } });
        expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', v: 1 });
        await expect(things.insertOne({ _id: 'b' }, { ordered: true } as never)).rejects.toThrow(
          UnsupportedQuery,
        );
      });

      it('answers copies', async () => {
        const document = { _id: 'a', list: [1] };
        await things.insertOne(document);
        document.list.push(2);
        const answered = (await things.findOne({ _id: 'a' }))!;
        answered.list.push(3);
        expect((await things.findOne({ _id: 'a' }))?.list).toEqual([1]);
      });
    });

    describe('updates', () => {
      const START = {
        n: 5,
        s: 'm',
        list: ['a', 'b'],
        in: { deep: { n: 1 } },
        items: [{ k: 1 }, { k: 2, x: 1 }],
      };
      const updates: [title: string, update: object, expected: object][] = [
        ['$set', { $set: { n: 6, added: { a: [1] } } }, { ...START, n: 6, added: { a: [1] } }],
        [
          '$set below a field',
          { $set: { 'in.deep.n': 2, 'in.new.x': true } },
          { ...START, in: { deep: { n: 2 }, new: { x: true } } },
        ],
        [
          '$set in an array by place',
          { $set: { 'list.1': 'c', 'items.0.k': 9 } },
          { ...START, list: ['a', 'c'], items: [{ k: 9 }, { k: 2, x: 1 }] },
        ],
        [
          '$unset',
          { $unset: { s: '', 'in.deep': '', nothing: '', 'no.where': '' } },
          { n: 5, list: ['a', 'b'], in: {}, items: START.items },
        ],
        [
          '$inc',
          { $inc: { n: -7, fresh: 2.5, 'in.deep.n': 1 } },
          { ...START, n: -2, fresh: 2.5, in: { deep: { n: 2 } } },
        ],
        [
          '$min and $max',
          { $min: { n: 3, s: 'z', low: 1 }, $max: { 'in.deep.n': 4, high: 'h' } },
          { ...START, n: 3, low: 1, in: { deep: { n: 4 } }, high: 'h' },
        ],
        ['$min and $max across types', { $min: { s: 1 }, $max: { n: '' } }, { ...START, s: 1, n: '' }],
        [
          '$push',
          { $push: { list: 'a', fresh: { a: 1 } } },
          { ...START, list: ['a', 'b', 'a'], fresh: [{ a: 1 }] },
        ],
        ['$addToSet', { $addToSet: { list: 'a', items: { k: 1 }, fresh: 1 } }, { ...START, fresh: [1] }],
        ['$addToSet something new', { $addToSet: { list: 'c' } }, { ...START, list: ['a', 'b', 'c'] }],
        ['$pull', { $pull: { list: 'a', nothing: 1 } }, { ...START, list: ['b'] }],
        ['$pull by the fields of elements', { $pull: { items: { k: 2 } } }, { ...START, items: [{ k: 1 }] }],
        [
          '$setOnInsert does nothing here',
          { $setOnInsert: { n: 1 }, $set: { s: 'x' } },
          { ...START, s: 'x' },
        ],
        [
          'several at once',
          { $set: { s: 'x' }, $inc: { n: 1 }, $push: { list: 'c' } },
          { ...START, s: 'x', n: 6, list: ['a', 'b', 'c'] },
        ],
      ];
      for (const [title, update, expected] of updates)
        it(
          title,
          plainAndIndexed([], [index({ n: 1 }), index({ list: 1 })], async () => {
            await things.replaceOne({ _id: 'a' }, structuredClone(START), { upsert: true });
            const result = await things.updateOne({ _id: 'a' }, update as never);
            const found = await things.findOne({ _id: 'a' });
            expect(found).toEqual({ _id: 'a', ...expected });
            expect(result).toMatchObject({ matchedCount: 1, upsertedCount: 0 });
            const { n } = found!;
            expect(await ids(things.find({ n }))).toEqual(['a']);
            for (const element of found!.list)
              expect(await ids(things.find({ list: element }))).toEqual(['a']);
            expect(await ids(things.find({ list: 'gone' }))).toEqual([]);
          }),
        );

      it('counts what matched, changed and came', async () => {
        await things.insertOne({ _id: 'a', n: 1 });
        const counts = async (filter: object, update: object, upsert = false) => {
          const { matchedCount, modifiedCount, upsertedCount } = await things.updateOne(
            filter as never,
            update as never,
            { upsert },
          );
          return [matchedCount, modifiedCount, upsertedCount];
        };
        expect(await counts({ _id: 'a' }, { $set: { n: 2 } })).toEqual([1, 1, 0]);
        expect(await counts({ _id: 'a' }, { $set: { n: 2 } })).toEqual([1, 0, 0]);
        expect(await counts({ _id: 'b' }, { $set: { n: 2 } })).toEqual([0, 0, 0]);
        expect(await counts({ _id: 'a', n: 1 }, { $set: { n: 3 } })).toEqual([0, 0, 0]);
        expect(await counts({ n: 2 }, { $inc: { n: 1 } })).toEqual([1, 1, 0]);
        expect(await counts({ _id: 'b' }, { $set: { n: 9 } }, true)).toEqual([0, 0, 1]);
      });

      it('an upsert starts from what its filter says', async () => {
        await things.updateOne(
          { _id: 'a', org: 'o', $and: [{ 'x.y': 1 }], n: { $lt: 5 } } as never,
          { $set: { v: 1 }, $setOnInsert: { first: true }, $inc: { n: 3 } } as never,
          { upsert: true },
        );
        expect(await things.findOne({ _id: 'a' })).toEqual({
          _id: 'a',
          org: 'o',
          x: { y: 1 },
          v: 1,
          first: true,
          n: 3,
        });
      });

      it('an upsert whose filter another document contradicts is a duplicate', async () => {
        await things.insertOne({ _id: 'a', position: 9 });
        const older = { _id: 'a', position: { $lt: 5 } } as never;
        await expect(
          things.updateOne(older, { $set: { position: 5 } } as never, { upsert: true }),
        ).rejects.toBeInstanceOf(DuplicateKey);
        await expect(things.replaceOne(older, { position: 5 }, { upsert: true })).rejects.toBeInstanceOf(
          DuplicateKey,
        );
        expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', position: 9 });
      });

      const refused: [title: string, update: object][] = [
        ['$inc on text', { $inc: { s: 1 } }],
        ['$push on what is no array', { $push: { n: 1 } }],
        ['$pull on what is no array', { $pull: { s: 'm' } }],
        ['a path through a number', { $set: { 'n.x': 1 } }],
        ['a path into an array without a place', { $set: { 'list.x': 1 } }],
      ];
      for (const [title, update] of refused)
        it(`refuses ${title} and changes nothing`, async () => {
          await things.insertOne({ _id: 'a', ...START });
          await expect(things.updateOne({ _id: 'a' }, update as never)).rejects.toThrow();
          expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', ...START });
        });
    });

    describe('replacing, inserting, deleting', () => {
      it('replaceOne keeps the _id and nothing else', async () => {
        await things.insertOne({ _id: 'a', x: 1, y: 2 });
        await things.replaceOne({ _id: 'a' }, { y: 3 });
        expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', y: 3 });
        await things.replaceOne({ y: 3 }, { z: 4 });
        expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', z: 4 });
        await things.replaceOne({ _id: 'a' }, { _id: 'a', w: 5 } as never);
        expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', w: 5 });
        await things.replaceOne({ _id: 'b' }, { x: 1 });
        expect(await things.findOne({ _id: 'b' })).toBeNull();
        await things.replaceOne({ _id: 'b' }, {}, { upsert: true });
        expect(await things.findOne({ _id: 'b' })).toEqual({ _id: 'b' });
      });

      it('indexes follow every change', async () => {
        await store.ensureIndexes('things', [index({ words: 1, n: 1 }), index({ n: -1 })]);
        const find = async (filter: object) =>
          (await ids(things.find(filter as never).sort({ _id: 1 }))).join(' ');
        await things.insertOne({ _id: 'a', n: 1, words: ['x', 'y', 'x'] });
        await things.insertOne({ _id: 'b', n: 1, words: 'x' });
        await things.insertOne({ _id: 'c', n: 1 });
        expect(await find({ words: 'x', n: 1 })).toBe('a b');
        await things.replaceOne({ _id: 'a' }, { n: 2, words: ['y', 'z'] }, { upsert: true });
        await things.replaceOne({ _id: 'c' }, { n: 2, words: ['z'] });
        expect([await find({ words: 'x' }), await find({ words: 'z', n: 2 }), await find({ n: 2 })]).toEqual([
          'b',
          'a c',
          'a c',
        ]);
        await things.updateOne({ _id: 'c' }, { $pull: { words: 'z' } } as never);
        await things.deleteOne({ _id: 'b' });
        expect([await find({ words: 'x' }), await find({ words: 'z' }), await find({ n: 1 })]).toEqual([
          '',
          'a',
          '',
        ]);
        await things.insertOne({ _id: 'd', n: 3, words: ['x'] });
        expect([await find({ words: 'x' }), await find({ words: { $in: ['x', 'y'] } })]).toEqual([
          'd',
          'a d',
        ]);
        await things.deleteMany({});
        expect(await find({ words: 'x' })).toBe('');
      });

      it('a second document with the same _id is refused', async () => {
        await things.insertOne({ _id: 'a', v: 1 });
        await expect(things.insertOne({ _id: 'a', v: 2 })).rejects.toBeInstanceOf(DuplicateKey);
        expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', v: 1 });
      });

      it('a unique index refuses a second document, over one field or several', async () => {
        await store.ensureIndexes('things', [
          { unique: index({ email: 1 }) },
          { unique: index({ org: 1, no: 1 }) },
        ]);
        await things.insertOne({ _id: 'a', email: 'x', org: 1, no: 1 });
        await things.insertOne({ _id: 'b', email: 'y', org: 1, no: 2 });
        const duplicate = (work: Promise<unknown>) => expect(work).rejects.toBeInstanceOf(DuplicateKey);
        await duplicate(things.insertOne({ _id: 'c', email: 'x', org: 2, no: 1 }));
        await duplicate(things.insertOne({ _id: 'c', email: 'z', org: 1, no: 2 }));
        await duplicate(things.replaceOne({ _id: 'b' }, { email: 'x', org: 3, no: 3 }, { upsert: true }));
        await duplicate(things.updateOne({ _id: 'b' }, { $set: { no: 1 } } as never));
        expect(await things.findOne({ _id: 'b' })).toEqual({ _id: 'b', email: 'y', org: 1, no: 2 });
        await things.insertOne({ _id: 'd', org: 9, no: 9 });
        await duplicate(things.insertOne({ _id: 'e', org: 8, no: 8 }));
        expect(await ids(things.find({}).sort({ _id: 1 }))).toEqual(['a', 'b', 'd']);
      });

      it('a unique index over arrays counts every element', async () => {
        await store.ensureIndexes('things', [{ unique: index({ names: 1 }) }]);
        await things.insertOne({ _id: 'a', names: ['x', 'y'] });
        await expect(things.insertOne({ _id: 'b', names: ['z', 'y'] })).rejects.toBeInstanceOf(DuplicateKey);
        await things.insertOne({ _id: 'c', names: 'z' });
        expect(await ids(things.find({}).sort({ _id: 1 }))).toEqual(['a', 'c']);
      });

      it('indexes that are made later hold what came before them', async () => {
        const specs = [
          index({ org: 1, words: 1 }),
          index({ org: 1, n: -1 }),
          { unique: index({ email: 1 }) },
        ];
        await store.ensureIndexes('things', specs, { later: true });
        await things.insertOne({ _id: 'a', org: 'o', n: 1, words: ['x', 'y'], email: 'a' });
        await things.insertOne({ _id: 'b', org: 'o', n: 2, words: ['y'], email: 'b' });
        await things.insertOne({ _id: 'c', org: 'p', n: 3, words: [], email: 'c' });
        await things.replaceOne({ _id: 'b' }, { org: 'o', n: 0, words: ['z', 'x'], email: 'b' });
        const asked = async () => [
          await ids(things.find({ org: 'o', words: 'x' }).sort({ _id: 1 })),
          await ids(things.find({ org: 'o' }).sort({ n: -1 })),
          await things.countDocuments({ org: 'p' }),
        ];
        expect(await asked()).toEqual([['a', 'b'], ['a', 'b'], 1]);
        await store.ensureIndexes('things', specs);
        expect(await asked()).toEqual([['a', 'b'], ['a', 'b'], 1]);
        await expect(things.insertOne({ _id: 'd', email: 'a' })).rejects.toBeInstanceOf(DuplicateKey);
        await things.insertOne({ _id: 'd', org: 'o', n: 9, words: ['x'], email: 'd' });
        expect(await ids(things.find({ org: 'o', words: 'x' }).sort({ _id: 1 }))).toEqual(['a', 'b', 'd']);
      });

      it('a unique index that the documents contradict is refused', async () => {
        await things.insertOne({ _id: 'a', email: 'x' });
        await things.insertOne({ _id: 'b', email: 'x' });
        await expect(store.ensureIndexes('things', [{ unique: index({ email: 1 }) }])).rejects.toBeInstanceOf(
          DuplicateKey,
        );
        expect(await things.countDocuments({ email: 'x' })).toBe(2);
      });

      it('bulkWrite runs in order and stops where it is refused', async () => {
        await things.bulkWrite([]);
        await things.bulkWrite([
          { insertOne: { document: { _id: 'a', n: 1 } } },
          { replaceOne: { filter: { _id: 'b' }, replacement: { n: 2 }, upsert: true } },
          { updateOne: { filter: { _id: 'a' }, update: { $inc: { n: 5 } } as never } },
          { deleteOne: { filter: { _id: 'b' } } },
          { updateOne: { filter: { _id: 'c' }, update: { $set: { n: 3 } } as never, upsert: true } },
        ]);
        expect(await things.find({}).sort({ _id: 1 }).toArray()).toEqual([
          { _id: 'a', n: 6 },
          { _id: 'c', n: 3 },
        ]);
        await expect(
          things.bulkWrite([
            { insertOne: { document: { _id: 'd' } } },
            { insertOne: { document: { _id: 'a' } } },
            { insertOne: { document: { _id: 'e' } } },
          ]),
        ).rejects.toBeInstanceOf(DuplicateKey);
        expect(await ids(things.find({}).sort({ _id: 1 }))).toEqual(['a', 'c', 'd']);
      });

      it('writes made in one turn all happen', async () => {
        await Promise.all(Array.from({ length: 50 }, (_, n) => things.insertOne({ _id: `t${n}` })));
        await Promise.all(
          Array.from({ length: 50 }, (_, n) =>
            things.updateOne({ _id: `t${n % 5}` }, { $inc: { n: 1 } } as never),
          ),
        );
        expect(await things.countDocuments({ n: 10 })).toBe(5);
      });
    });

    describe('collections', () => {
      it('names them, sorted, and drops them', async () => {
        await store.ensureIndexes('zebra', [index({ stripes: 1 })]);
        await store.collection<Thing>('apple').insertOne({ _id: 'a' });
        await store.collection<Thing>('mango-2').insertOne({ _id: 'a', list: [1] });
        expect(await store.names()).toEqual(['apple', 'mango-2', 'zebra']);
        await store.drop('mango-2');
        await store.drop('mango-2');
        expect(await store.names()).toEqual(['apple', 'zebra']);
        expect(await store.collection<Thing>('mango-2').countDocuments({})).toBe(0);
      });

      it('ensureIndexes may be repeated and extended', async () => {
        await things.insertOne({ _id: 'a', x: 1, y: [1, 2] });
        for (const indexes of [
          [index({ x: 1 })],
          [index({ x: 1 }), index({ y: 1, x: -1 })],
          [index({ _id: 1 })],
        ])
          for (let time = 0; time < 2; time++) await store.ensureIndexes('things', indexes);
        expect(await ids(things.find({ x: 1, y: 2 }))).toEqual(['a']);
      });

      it('documents and indexes survive a new connection', async () => {
        await store.ensureIndexes('things', [index({ org: 1, words: 1 }), { unique: index({ email: 1 }) }]);
        await things.insertOne({ _id: 'a', org: 'o', words: ['x', 'y'], email: 'e' });
        store = await opened.reopen();
        things = store.collection<Thing>('things');
        expect(await ids(things.find({ org: 'o', words: 'y' }))).toEqual(['a']);
        await expect(things.insertOne({ _id: 'b', email: 'e' })).rejects.toBeInstanceOf(DuplicateKey);
        await store.ensureIndexes('things', [index({ org: 1, words: 1 })]);
        await things.replaceOne({ _id: 'a' }, { org: 'o', words: ['z'], email: 'e' });
        expect(await ids(things.find({ org: 'o', words: 'y' }))).toEqual([]);
        expect(await store.names()).toEqual(['things']);
      });

      it('is healthy', async () => {
        expect(await store.health()).toMatchObject({ ok: true });
      });
    });

    describe('transactions', () => {
      /** Where a store has none, the work runs and nothing is promised beyond that. */
      const whereTransactional = (title: string, check: () => Promise<void>): void => {
        it(title, async () => {
          if (store.transactional) await check();
          else {
            const answer = await store.transaction(async (documents) => {
              await documents.collection<Thing>('things').insertOne({ _id: 'a' });
              return 'done';
            });
            expect([answer, await things.countDocuments({})]).toEqual(['done', 1]);
          }
        });
      };

      whereTransactional('all of it, and its own writes are seen inside', async () => {
        await things.insertOne({ _id: 'a', n: 1 });
        const inside = await store.transaction(async (documents) => {
          const within = documents.collection<Thing>('things');
          await within.updateOne({ _id: 'a' }, { $inc: { n: 1 } } as never);
          await within.bulkWrite([
            { replaceOne: { filter: { _id: 'b' }, replacement: { n: 7 }, upsert: true } },
          ]);
          await documents.collection<Thing>('progress').insertOne({ _id: 'live', position: 4 });
          const seen: Thing[] = [];
          for await (const document of found(within.find({}).sort({ _id: 1 }))) seen.push(document);
          return [seen, await within.countDocuments({}), await within.findOne({ _id: 'a' })];
        });
        const both = [
          { _id: 'a', n: 2 },
          { _id: 'b', n: 7 },
        ];
        expect(inside).toEqual([both, 2, both[0]]);
        expect(await things.find({}).sort({ _id: 1 }).toArray()).toEqual(both);
        expect(await store.collection<Thing>('progress').findOne({ _id: 'live' })).toEqual({
          _id: 'live',
          position: 4,
        });
      });

      whereTransactional('or nothing', async () => {
        await store.ensureIndexes('things', [index({ words: 1 })]);
        await things.insertOne({ _id: 'a', n: 1, words: 'x' });
        const failure = new Error('changed my mind');
        await expect(
          store.transaction(async (documents) => {
            const within = documents.collection<Thing>('things');
            await within.insertOne({ _id: 'b', words: ['x', 'y'] });
            await within.deleteOne({ _id: 'a' });
            await documents.collection<Thing>('other').insertOne({ _id: 'x' });
            throw failure;
          }),
        ).rejects.toBe(failure);
        expect(await things.find({}).toArray()).toEqual([{ _id: 'a', n: 1, words: 'x' }]);
        expect(await store.collection<Thing>('other').countDocuments({})).toBe(0);
        await things.insertOne({ _id: 'b', words: ['x', 'z'] });
        expect(await ids(things.find({ words: 'x' }).sort({ _id: 1 }))).toEqual(['a', 'b']);
        expect(await ids(things.find({ words: 'y' }))).toEqual([]);
      });

      whereTransactional('others see nothing of it before it is committed', async () => {
        await things.insertOne({ _id: 'a', n: 1 });
        const written = Promise.withResolvers<void>();
        const goOn = Promise.withResolvers<void>();
        const transaction = store.transaction(async (documents) => {
          const within = documents.collection<Thing>('things');
          await within.updateOne({ _id: 'a' }, { $set: { n: 2 } } as never);
          await within.insertOne({ _id: 'b', words: ['x'] });
          written.resolve();
          await goOn.promise;
        });
        await written.promise;
        expect(await things.find({}).toArray()).toEqual([{ _id: 'a', n: 1 }]);
        expect(await things.countDocuments({ n: 2 })).toBe(0);
        const beside = store.collection<Thing>('beside').insertOne({ _id: 'w' });
        goOn.resolve();
        await Promise.all([transaction, beside]);
        expect(await things.countDocuments({})).toBe(2);
        expect(await store.collection<Thing>('beside').countDocuments({})).toBe(1);
      });

      whereTransactional('one after the other, none lost', async () => {
        await things.insertOne({ _id: 'a', n: 0 });
        await Promise.all(
          Array.from({ length: 5 }, () =>
            store.transaction(async (documents) => {
              const within = documents.collection<Thing>('things');
              const { n } = (await within.findOne({ _id: 'a' }))!;
              await within.replaceOne({ _id: 'a' }, { n: n + 1 });
            }),
          ),
        );
        expect((await things.findOne({ _id: 'a' }))?.n).toBe(5);
      });

      whereTransactional('a refused write ends it, also when the refusal is caught', async () => {
        await things.insertOne({ _id: 'a' });
        await expect(
          store.transaction(async (documents) => {
            const within = documents.collection<Thing>('things');
            await within.insertOne({ _id: 'b' });
            await within.insertOne({ _id: 'a' }).catch(() => undefined);
          }),
        ).rejects.toBeInstanceOf(DuplicateKey);
        expect(await ids(things.find({}))).toEqual(['a']);
      });
    });

    describe('what is outside the subset throws', () => {
      const filters: [string, object][] = [
        ['an unknown operator', { v: { $elemMatch: { a: 1 } } }],
        ['$where', { $where: 'true' }],
        ['$expr', { $expr: { $eq: [1, 1] } }],
        ['$nor', { $nor: [{ v: 1 }] }],
        ['$type', { v: { $type: 'string' } }],
        ['an object as a value', { v: { a: 1 } }],
        ['an empty object as a value', { v: {} }],
        ['an array as a value', { v: [1] }],
        ['a date', { v: new Date(0) }],
        ['undefined', { v: undefined }],
        ['undefined in an operator', { v: { $gt: undefined } }],
        ['not a number', { v: Number.NaN }],
        ['an operator in $eq', { v: { $eq: { $gt: 1 } } }],
        ['an operator in $in', { v: { $in: [{ $gt: 1 }] } }],
        ['a regular expression in $in', { v: { $in: [/^a/] } }],
        ['$in without a list', { v: { $in: 'a' } }],
        ['$exists without a boolean', { v: { $exists: 1 } }],
        ['an operator mixed with a field', { v: { $gt: 1, a: 2 } }],
        ['a regular expression without an anchor', { v: /a/ }],
        ['a regular expression with a flag', { v: /^a/i }],
        ['a regular expression with options', { v: { $regex: '^a', $options: 'i' } }],
        ['a regular expression that is more than text', { v: /^a.*b/ }],
        ['a regular expression with a class', { v: { $regex: '^\\d' } }],
        ['a regular expression with an end', { v: /^a$/ }],
        ['$not with a value', { v: { $not: 1 } }],
        ['$or without filters', { $or: [] }],
        ['$and with what is no filter', { $and: [1] }],
        ['an empty path', { '': 1 }],
        ['a path with an operator', { 'a.$b': 1 }],
        ['an operator below $or', { $or: [{ v: { $mod: [2, 0] } }] }],
      ];
      for (const [title, filter] of filters)
        it(`filter: ${title}`, async () => {
          const unsupported = (work: () => unknown) =>
            expect((async () => work())()).rejects.toBeInstanceOf(UnsupportedQuery);
          await unsupported(() => things.find(filter as never).toArray());
          await unsupported(() => things.findOne(filter as never));
          await unsupported(() => things.countDocuments(filter as never));
          await unsupported(() => things.deleteOne(filter as never));
          await unsupported(() => things.deleteMany(filter as never));
          await unsupported(() => things.updateOne(filter as never, { $set: { a: 1 } } as never));
          await unsupported(() => things.replaceOne(filter as never, {}));
          await unsupported(() => things.bulkWrite([{ deleteOne: { filter: filter as never } }]));
        });

      const updates: [string, object][] = [
        ['no operator', { v: 1 }],
        ['nothing', {}],
        ['an unknown operator', { $rename: { a: 'b' } }],
        ['$currentDate', { $currentDate: { a: true } }],
        ['a pipeline', [{ $set: { a: 1 } }]],
        ['an operator as a value', { $set: { a: { $gt: 1 } } }],
        ['an operator deep in a value', { $set: { a: [{ b: { $inc: 1 } }] } }],
        ['$each', { $push: { a: { $each: [1] } } }],
        ['$pull with an operator', { $pull: { a: { $gt: 1 } } }],
        ['$inc with text', { $inc: { a: '1' } }],
        ['the _id', { $set: { _id: 'b' } }],
        ['the same field twice', { $set: { a: 1 }, $inc: { a: 1 } }],
        ['a field and what is below it', { $set: { a: {}, 'a.b': 1 } }],
        ['a positional path', { $set: { 'a.$': 1 } }],
        ['a date', { $set: { a: new Date(0) } }],
      ];
      for (const [title, update] of updates)
        it(`update: ${title}`, async () => {
          await things.insertOne({ _id: 'a', a: [1] });
          await expect(
            (async () => things.updateOne({ _id: 'a' }, update as never))(),
          ).rejects.toBeInstanceOf(UnsupportedQuery);
          await expect(
            (async () =>
              things.bulkWrite([{ updateOne: { filter: { _id: 'a' }, update: update as never } }]))(),
          ).rejects.toBeInstanceOf(UnsupportedQuery);
          expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', a: [1] });
        });

      it('everything else', async () => {
        const unsupported = (work: () => unknown) =>
          expect((async () => work())()).rejects.toBeInstanceOf(UnsupportedQuery);
        await unsupported(() => things.insertOne({} as never));
        await unsupported(() => things.insertOne({ _id: 1 } as never));
        await unsupported(() => things.replaceOne({ _id: 'a' }, { $set: { a: 1 } }, { upsert: true }));
        await unsupported(() => things.replaceOne({ _id: 'a' }, { _id: 'b' } as never));
        await unsupported(() => things.replaceOne({ v: 1 }, {}, { upsert: true }));
        await unsupported(() => things.updateOne({ v: 1 }, { $set: { a: 1 } } as never, { upsert: true }));
        await unsupported(() => things.find({}).sort({ a: 'asc' }).toArray());
        await unsupported(() => things.find({}).limit(-1).toArray());
        await unsupported(() => things.find({}).skip(0.5).toArray());
        await unsupported(() => things.find({}, { projection: { a: 1 } } as never).toArray());
        await unsupported(() => things.countDocuments({}, { hint: 'a' } as never));
        await unsupported(() => things.bulkWrite([{ deleteMany: { filter: {} } }]));
        await unsupported(() =>
          things.bulkWrite([{ deleteOne: { filter: { _id: 'a' } } }], { ordered: false }),
        );
        expect(await things.countDocuments({})).toBe(0);
      });
    });
  });
};

const found = (documents: Found<Thing>): AsyncIterable<Thing> => documents;
