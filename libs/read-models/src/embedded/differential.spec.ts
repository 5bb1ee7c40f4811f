import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Query as MingoQuery } from 'mingo';
import { update as mingoUpdate } from 'mingo/updater';
import type { DocumentStore, StoredDocument } from '../port.ts';
import { parseUpdate } from '../subset.ts';
import { openEmbeddedDocuments } from './index.ts';
import { updated } from './updating.ts';
import type { Json } from './values.ts';

/** The independent opinion: mingo, an implementation of MongoDB's language by others. */
const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('', 'a', 'ab', 'abc', 'b', 'ba', 'B', 'é', '"a', 'a\\') },
  { weight: 3, arbitrary: fc.constantFrom(-1, 0, 1, 2, 10, 0.5, 0.1 + 0.2, Number.MAX_SAFE_INTEGER) },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0) },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.constant(null) },
);
const list = fc.array(scalar, { maxLength: 4 });
const one = fc.option(scalar, { nil: undefined });
const fields = fc.record({
  x: one,
  y: one,
  tags: fc.option(fc.oneof(list, scalar), { nil: undefined }),
  in: fc.option(fc.record({ z: one }), { nil: undefined }),
});

const PATHS = ['x', 'y', 'tags', 'in.z', 'absent'];
const path = fc.constantFrom(...PATHS);
const notNull = scalar.filter((value) => value !== null);
const prefix = fc.constantFrom('', 'a', 'ab', 'B', '"', 'a\\');
const escaped = (text: string) => `^${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`;
const operators = fc.oneof(
  scalar,
  scalar.map(($eq) => ({ $eq })),
  scalar.map(($ne) => ({ $ne })),
  notNull.map(($gt) => ({ $gt })),
  notNull.map(($gte) => ({ $gte })),
  notNull.map(($lt) => ({ $lt })),
  notNull.map(($lte) => ({ $lte })),
  fc.tuple(notNull, notNull).map(([$gte, $lt]) => ({ $gte, $lt })),
  list.map(($in) => ({ $in })),
  list.map(($nin) => ({ $nin })),
  fc.boolean().map(($exists) => ({ $exists })),
  prefix.map((text) => ({ $regex: escaped(text) })),
  notNull.map(($gt) => ({ $not: { $gt } })),
  prefix.map((text) => ({ $not: new RegExp(escaped(text)) })),
);
const { filter } = fc.letrec<{ filter: object; leaf: object }>((tie) => ({
  leaf: fc.dictionary(path, operators, { maxKeys: 3 }),
  filter: fc.oneof(
    { maxDepth: 2, depthIdentifier: 'filter' },
    { weight: 4, arbitrary: tie('leaf') },
    {
      weight: 1,
      arbitrary: fc
        .array(tie('filter'), { minLength: 1, maxLength: 3 })
        .chain((of) => tie('leaf').map((leaf) => ({ ...leaf, $or: of }))),
    },
    {
      weight: 1,
      arbitrary: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }).map(($and) => ({ $and })),
    },
  ),
}));

const INDEXES = [
  { x: 1, _id: 1 },
  { y: 1, x: -1, _id: 1 },
  { x: 1, tags: 1 },
  { tags: 1, y: 1 },
  { 'in.z': -1 },
] as const;

interface Thing extends StoredDocument {
  readonly [field: string]: unknown;
}

describe('the embedded store against mingo', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orgledger-differential-'));
  let store: DocumentStore;
  beforeAll(() => {
    store = openEmbeddedDocuments(join(folder, 'documents.db'), { durable: false, kind: 'docs' });
  });
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const sort = fc.constantFrom(
    { _id: 1 },
    { x: 1, _id: 1 },
    { x: -1, _id: -1 },
    { y: 1, x: -1, _id: 1 },
    { 'in.z': 1, _id: 1 },
    { absent: 1, y: -1, _id: 1 },
  );

  it('random documents under random filters, with and without indexes: the same answer', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fields, { maxLength: 12 }),
        fc.array(filter, { minLength: 1, maxLength: 6 }),
        sort,
        fc.nat({ max: 5 }),
        fc.boolean(),
        async (shapes, filters, order, limit, indexed) => {
          const name = `things-${run++}`;
          const things = store.collection<Thing>(name);
          const documents = shapes.map(
            (shape, at): Thing => ({
              ...JSON.parse(JSON.stringify(shape)),
              _id: `d${at}`,
            }),
          );
          if (indexed) await store.ensureIndexes(name, INDEXES as never);
          await things.bulkWrite(
            documents.map(({ _id, ...replacement }) => ({
              replaceOne: { filter: { _id }, replacement, upsert: true },
            })),
          );
          for (const wanted of filters) {
            const expected = documents.filter((document) => new MingoQuery(wanted).test(document));
            const sorted = new MingoQuery(wanted)
              .find<Thing>(documents)
              .sort(order as never)
              .all();
            const found = await things
              .find(wanted as never)
              .sort(order as never)
              .toArray();
            const named = (all: readonly Thing[]) => all.map(({ _id }) => _id).join(' ');
            expect({ wanted, order, ids: named(found) }).toEqual({ wanted, order, ids: named(sorted) });
            const page = await things
              .find(wanted as never)
              .sort(order as never)
              .limit(limit)
              .toArray();
            expect(named(page)).toBe(named(limit === 0 ? sorted : sorted.slice(0, limit)));
            expect(await things.countDocuments(wanted as never)).toBe(expected.length);
          }
          await store.drop(name);
        },
      ),
      { numRuns: 250 },
    );
  });

  it('random replacements, updates and deletions: indexes never disagree with the documents', async () => {
    const step = fc.oneof(
      fc.record({ op: fc.constant('put' as const), id: fc.nat({ max: 5 }), fields }),
      fc.record({ op: fc.constant('push' as const), id: fc.nat({ max: 5 }), value: scalar }),
      fc.record({ op: fc.constant('delete' as const), id: fc.nat({ max: 5 }) }),
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), filter, async (steps, wanted) => {
        const name = `changing-${run++}`;
        await store.ensureIndexes(name, INDEXES as never);
        const things = store.collection<Thing>(name);
        const model = new Map<string, Thing>();
        for (const change of steps) {
          const _id = `d${change.id}`;
          const old = model.get(_id);
          if (change.op === 'delete') {
            model.delete(_id);
            await things.deleteOne({ _id });
          } else if (change.op === 'put') {
            const replacement = JSON.parse(JSON.stringify(change.fields));
            model.set(_id, { ...replacement, _id });
            await things.replaceOne({ _id }, replacement, { upsert: true });
          } else if (old && (old.tags === undefined || Array.isArray(old.tags))) {
            model.set(_id, { ...old, tags: [...((old.tags as unknown[]) ?? []), change.value] });
            await things.updateOne({ _id }, { $push: { tags: change.value } } as never);
          }
        }
        const query = new MingoQuery(wanted);
        const expected = [...model.values()].filter((document) => query.test(document)).map(({ _id }) => _id);
        const found = await things
          .find(wanted as never)
          .sort({ _id: 1 })
          .toArray();
        expect(found.map(({ _id }) => _id)).toEqual(expected.sort());
        await store.drop(name);
      }),
      { numRuns: 150 },
    );
  });

  it('random updates: the same document', () => {
    const number = fc.integer({ min: -5, max: 5 });
    const update = fc
      .record(
        {
          $set: fc.dictionary(fc.constantFrom('s', 'in.z', 'new.deep'), scalar, { maxKeys: 2 }),
          $unset: fc.dictionary(fc.constantFrom('x', 'in.q', 'none.at'), fc.constant(''), { maxKeys: 2 }),
          $inc: fc.dictionary(fc.constantFrom('n', 'in.n'), number, { maxKeys: 2 }),
          $min: fc.dictionary(fc.constantFrom('low', 'in.low'), number, { maxKeys: 2 }),
          $max: fc.dictionary(fc.constantFrom('high'), number, { maxKeys: 1 }),
          $push: fc.dictionary(fc.constantFrom('list'), scalar, { maxKeys: 1 }),
          $addToSet: fc.dictionary(fc.constantFrom('set', 'in.set'), scalar, { maxKeys: 2 }),
          $pull: fc.dictionary(fc.constantFrom('bag'), notNull, { maxKeys: 1 }),
        },
        { requiredKeys: [] },
      )
      .filter((operators) => Object.keys(operators).length > 0);
    // mingo also removes duplicates that $addToSet finds; MongoDB leaves them.
    const set = fc.uniqueArray(scalar, { maxLength: 4 });
    const document = fc.record(
      {
        x: scalar,
        s: scalar,
        n: number,
        low: number,
        high: number,
        list,
        set,
        bag: list,
        in: fc.record({ z: scalar, q: scalar, n: number, low: number, set }, { requiredKeys: [] }),
      },
      { requiredKeys: ['bag'] },
    );
    fc.assert(
      fc.property(document, update, (before, operations) => {
        const copy = JSON.parse(JSON.stringify(before)) as Json;
        const kept = JSON.stringify(copy);
        const expected = structuredClone(copy);
        mingoUpdate(expected as never, structuredClone(operations) as never);
        const changed = JSON.parse(JSON.stringify(updated(copy, parseUpdate(operations), false)));
        expect({ operations, changed }).toEqual({
          operations,
          changed: JSON.parse(JSON.stringify(expected)),
        });
        expect(JSON.stringify(copy)).toBe(kept);
      }),
      { numRuns: 500 },
    );
  });
});
