import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { RecordedEvent, Scalar } from '#kernel';
import { type Scratch, scratchDocuments } from '../../../test/support/scratch-documents.ts';
import { recordedLog, ScriptedLog } from '../../../test/support/scripted-log.ts';
import {
  batchSizes,
  naiveFold,
  names,
  randomLog,
  type Thing,
  type ThingEvent,
  things,
} from '../../../test/support/things.ts';
import type { Condition } from './conditions.ts';
import type { Cell } from './fold.ts';
import { dropDocuments } from './forgetting.ts';
import { Projector } from './projector.ts';
import { type ListRequest, type Page, ReadModelBehind, ReadModels } from './reader.ts';

const LONG = process.env.ORGLEDGER_LONG === '1';
if (LONG) jest.setTimeout(1_800_000);

let scratch: Scratch | undefined;
let projector: Projector | undefined;
const close = async () => {
  await projector?.stop();
  await scratch?.close();
  projector = undefined;
  scratch = undefined;
};
afterEach(close);

const nothing = () => {};
const silent = { progressed: nothing, quarantined: nothing, interrupted: nothing };

const open = async (events: readonly RecordedEvent[], sizes?: readonly number[]): Promise<ReadModels> => {
  scratch = await scratchDocuments();
  const log = ScriptedLog.store(events, sizes);
  projector = new Projector(log, scratch.store, [things], silent);
  await projector.start();
  const models = new ReadModels(scratch.store, projector, [things]);
  await models.reach(await log.head());
  return models;
};

/** Reads what is open, and what one of its collections is asked to find. */
const watching = (collection: string): { models: ReadModels; asked: object[] } => {
  const { store } = scratch as Scratch;
  const asked: object[] = [];
  const watched = {
    transactional: true,
    collection: (name: string) => ({
      ...store.collection(name),
      find: (filter: object) => {
        if (name === collection) asked.push(filter);
        return store.collection(name).find(filter as never);
      },
      findOne: store.collection(name).findOne.bind(store.collection(name)),
    }),
  };
  return { models: new ReadModels(watched as never, projector as Projector, [things]), asked };
};

type Row = Thing & { readonly _id: string };
type Where = Readonly<Record<string, Condition | undefined>>;

/** Null first, then by the bytes of the text. */
const compare = (a: Scalar, b: Scalar): number => {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  return typeof a === 'string'
    ? Buffer.compare(Buffer.from(a), Buffer.from(b as string))
    : Number(a) - Number(b);
};

const meets = (value: unknown, condition: Condition | undefined): boolean => {
  if (condition === undefined) return true;
  if (typeof condition !== 'object' || condition === null) return value === condition;
  if ('in' in condition) return condition.in.includes(value as Scalar);
  if ('not' in condition) return value !== condition.not;
  if ('after' in condition) return (value as number) > (condition.after as number);
  if ('upTo' in condition) return (value as number) <= (condition.upTo as number);
  if ('prefix' in condition) return (value as string[]).some((word) => word.startsWith(condition.prefix));
  return (
    (condition.from === undefined || (value as number) >= (condition.from as number)) &&
    (condition.to === undefined || (value as number) < (condition.to as number))
  );
};

const naiveList = (events: readonly RecordedEvent[], { where, sort, asOf }: ListRequest): Row[] => {
  const upTo = asOf === undefined ? events : events.filter(({ position }) => position <= asOf);
  return [...naiveFold(things, upTo)]
    .map(([_id, thing]) => ({ ...thing, _id }))
    .filter((row) =>
      Object.entries(where).every(([field, condition]) => meets(row[field as 'name'], condition)),
    )
    .sort(
      (a, b) =>
        sort.direction * (compare(a[sort.field as 'name'], b[sort.field as 'name']) || compare(a._id, b._id)),
    );
};

const pages = async (models: ReadModels, request: ListRequest): Promise<Page<Thing>[]> => {
  const all: Page<Thing>[] = [];
  let after = request.after;
  do {
    const page = await models.list<Thing>('things', { ...request, after });
    all.push(page);
    after = page.next ?? undefined;
    if (all.length > 50) throw new Error('the pages do not end');
  } while (after);
  return all;
};

const wheres: fc.Arbitrary<Where> = fc.record(
  {
    org: fc.constantFrom('org_1', 'org_2'),
    kind: fc.constantFrom<Condition>('k1', { not: 'k1' }, { in: ['k1', 'k2'] }, { in: ['k2', 'none'] }),
    flag: fc.boolean(),
    name: fc.constantFrom(...names),
    words: fc.constantFrom('a', 'ab', 'abc', '\u{1f600}', '\u{1f600}b').map((prefix) => ({ prefix })),
    touched: fc.constantFrom({ from: 2 }, { to: 2 }, { from: 1, to: 3 }, { upTo: 1 }, { after: 1 }),
  },
  { requiredKeys: ['org'] },
);

const sorts = fc.record({
  field: fc.constantFrom('name', 'touched'),
  direction: fc.constantFrom(1 as const, -1 as const),
});

describe('reading', () => {
  it('rules.md 1.14: as of every position a list is what folding the log up to there gives', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomLog({ minLength: 1, maxLength: 20 }),
        batchSizes,
        sorts,
        async (events, sizes, sort) => {
          const models = await open(events, sizes);
          for (const asOf of [0, ...events.map(({ position }) => position), undefined])
            for (const org of ['org_1', 'org_2']) {
              const request = { where: { org }, sort, limit: 100, asOf };
              const { items, total } = await models.list<Thing>('things', request);
              const expected = naiveList(events, request);
              expect(items).toEqual(expected);
              expect(total).toBe(expected.length);
              for (const row of expected) expect(await models.get('things', row._id, asOf)).toEqual(row);
            }
          await close();
        },
      ),
      { numRuns: LONG ? 2_000 : 25 },
    );
  });

  it('under every combination of filters the total equals the items, and the pages cover each exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomLog({ minLength: 5, maxLength: 25 }),
        fc.array(
          fc.record({ where: wheres, sort: sorts, limit: fc.integer({ min: 1, max: 3 }), at: fc.nat() }),
          {
            minLength: 10,
            maxLength: 10,
          },
        ),
        async (events, requests) => {
          const models = await open(events);
          for (const { at, ...asked } of requests) {
            const position = at % (events.length + 2);
            const request = { ...asked, asOf: position > events.length ? undefined : position };
            const expected = naiveList(events, request);
            const all = await pages(models, request);
            expect(all.flatMap(({ items }) => items)).toEqual(expected);
            for (const { total, totalIsLowerBound, items } of all) {
              expect([total, totalIsLowerBound]).toEqual([expected.length, false]);
              expect(items.length).toBeLessThanOrEqual(request.limit);
            }
          }
          await close();
        },
      ),
      { numRuns: LONG ? 2_000 : 40 },
    );
  });

  it('a count by kept counters is exact now and as of any position', async () => {
    await fc.assert(
      fc.asyncProperty(randomLog({ minLength: 1, maxLength: 20 }), async (events) => {
        const models = await open(events);
        for (const asOf of [...events.map(({ position }) => position), undefined])
          for (const where of [
            { org: 'org_1' },
            { org: 'org_2', kind: 'k1' },
            { org: 'org_1', kind: { in: ['k1', 'k2'] }, flag: true },
          ]) {
            const sort = { field: 'name', direction: 1 } as const;
            expect(await models.count('things', where, asOf)).toBe(
              naiveList(events, { where, sort, limit: 9, asOf }).length,
            );
          }
        const counters = await models.counters('things', ['org_1', 'org_2', 'org_9']);
        for (const org of ['org_1', 'org_2', 'org_9']) {
          const there = [...naiveFold(things, events).values()].filter((thing) => thing.org === org);
          const sum = counters(org).reduce((n, counter) => n + counter.n, 0);
          expect(sum).toBe(there.length);
          for (const { values, n } of counters(org))
            expect(n).toBe(
              there.filter(({ kind, flag }) => kind === values.kind && flag === values.flag).length,
            );
        }
        await close();
      }),
      { numRuns: LONG ? 1_000 : 15 },
    );
  });

  it('a walk meets everything that matches once, in order, whatever the size of its pages', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomLog({ minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 5 }),
        async (events, limit) => {
          const models = await open(events);
          const where = { org: 'org_1' };
          const sort = { field: 'name', direction: 1 } as const;
          const met: Row[] = [];
          for await (const thing of models.every<Row>('things', { where, by: 'name', limit }))
            met.push(thing);
          const everywhere: Row[] = [];
          for await (const thing of models.every<Row>('things', { where: {}, by: 'name', limit }))
            everywhere.push(thing);
          expect(everywhere).toEqual(naiveList(events, { where: {}, sort, limit: 99 }));
          expect(met).toEqual(naiveList(events, { where, sort, limit: 99 }));
          const few = await models.few<Row>('things', { org: { in: ['org_1', 'org_9'] } });
          const byId = (one: Row, other: Row) => compare(one._id, other._id);
          expect([...few].sort(byId)).toEqual([...met].sort(byId));
          await close();
        },
      ),
      { numRuns: LONG ? 1_000 : 15 },
    );
  });

  it('what an older release has built answers as it is, and what the newer one then builds the same', async () => {
    const { searched: _, ...rest } = things;
    const older = { ...rest, counted: { scope: 'org', by: ['kind', 'flag'] } } as typeof things;
    const newer = { ...things, version: 2 };
    const [sort, org] = [{ field: 'name', direction: 1 } as const, 'org_1'];
    await fc.assert(
      fc.asyncProperty(randomLog({ minLength: 10, maxLength: 20 }), async (events) => {
        const log = ScriptedLog.store(events);
        scratch = await scratchDocuments();
        for (const running of [older, newer]) {
          projector = new Projector(log, scratch.store, [running], silent);
          await projector.start();
          while (projector.served('things') !== `things-${running.version}`) await new Promise(setImmediate);
          const models = new ReadModels(scratch.store, projector, [newer]);
          await models.reach(await log.head());
          for (const where of [
            { org, kind: { in: ['k1', 'k2'] } },
            { org, words: { prefix: 'a' } },
            { org, words: { prefix: 'ab' } },
          ]) {
            const request = { where, sort, limit: 3 };
            const answered = (await pages(models, request)).flatMap(({ items }) => items);
            expect(answered).toEqual(naiveList(events, request));
          }
          await projector.stop();
        }
        await close();
      }),
      { numRuns: LONG ? 500 : 10 },
    );
  });

  it('a reader who names a position that is not there yet gets no stale answer', async () => {
    const models = await open([]);
    await expect(models.reach(1)).rejects.toThrow(ReadModelBehind);
  });

  describe('while the read model moves on', () => {
    const sort = { field: 'name', direction: 1 } as const;
    const ofBothKinds = { where: { org: 'org_1', kind: { in: ['k1', 'k2'] } }, sort, limit: 10 };
    const set = (recorded: ReturnType<typeof recordedLog>, kind: string, name: string) =>
      recorded<ThingEvent>('thing-1', {
        type: 'ThingSet',
        data: { org: 'org_1', kind, flag: true, name, keys: ['t1'] },
      });

    /** What a reader lists when the second version of a thing comes right before a reading of a page of this collection. */
    const overtaken = async (
      before: { kind: string; name: string },
      after: { kind: string; name: string },
      collection: string,
      request: ListRequest,
      reading = 1,
    ) => {
      const recorded = recordedLog();
      scratch = await scratchDocuments();
      const { store } = scratch;
      const log = ScriptedLog.store([set(recorded, before.kind, before.name)]);
      const running = new Projector(log, store, [things], silent);
      projector = running;
      await running.start();
      await running.waitFor(1, 5_000);
      let pushed = false;
      let readings = 0;
      const moveOn = async () => {
        readings += 1;
        if (readings !== reading) return;
        pushed = true;
        log.push(set(recorded, after.kind, after.name));
        await running.waitFor(2, 5_000);
      };
      const between = {
        transactional: true,
        collection: (name: string) => {
          const inner = store.collection(name);
          if (name !== collection) return inner;
          return new Proxy(inner, {
            get: (target, property: 'find') =>
              property !== 'find'
                ? target[property]
                : (...given: Parameters<typeof inner.find>) => ({
                    sort: (by: never) => ({
                      limit: (most: number) => ({
                        toArray: async () => {
                          await moveOn();
                          return target
                            .find(...given)
                            .sort(by)
                            .limit(most)
                            .toArray();
                        },
                      }),
                    }),
                  }),
          });
        },
      };
      const models = new ReadModels(between as never, running, [things]);
      const { items, total } = await models.list<Thing>('things', request);
      expect(pushed).toBe(true);
      return { items: items.map(({ _id, name }) => [_id, name]), total };
    };

    it('a version that ends between two readings of an earlier state is listed once', async () => {
      const request = { where: { org: 'org_1' }, sort, limit: 10, asOf: 1 };
      const [one, other] = [
        { kind: 'k1', name: 'a' },
        { kind: 'k1', name: 'b' },
      ];
      for (const reading of [1, 2]) {
        expect((await overtaken(one, other, 'things-1.past', request, reading)).items).toEqual([['t1', 'a']]);
        await close();
      }
    });

    it('P16: of an earlier state that has passed, no more is looked for among what is current than the page can hold', async () => {
      const recorded = recordedLog();
      const all = ['t1', 't2', 't3', 't4', 't5', 't6'];
      const setAll = (kind: string) =>
        all.map((key, n) =>
          recorded<ThingEvent>('thing-1', {
            type: 'ThingSet',
            data: { org: 'org_1', kind, flag: true, name: n < 3 ? 'a' : key, keys: [key] },
          }),
        );
      await open([...setAll('k1'), ...setAll('k2')]);
      const { models, asked } = watching('things-1');
      const names: string[] = [];
      let after: ListRequest['after'];
      do {
        const request = { where: { kind: 'k1' }, sort, limit: 2, asOf: all.length, totals: false, after };
        const page: Page<Thing> = await models.list<Thing>('things', request);
        names.push(...page.items.map(({ _id }) => _id));
        after = page.next ?? undefined;
      } while (after);
      expect(names).toEqual(all);
      expect(asked.map((filter) => ('name' in filter ? filter.name : null))).toEqual([
        null,
        { $lte: 't5' },
        null,
      ]);
    });

    it('P16: of an earlier state that has hardly changed, no more is looked for among what has passed than the page can hold', async () => {
      const recorded = recordedLog();
      const all = ['t1', 't2', 't3', 't4', 't5', 't6'];
      const setAll = (kind: string) =>
        all.map((key) =>
          recorded<ThingEvent>('thing-1', {
            type: 'ThingSet',
            data: { org: 'org_1', kind, flag: true, name: key, keys: [key] },
          }),
        );
      await open([...setAll('k1'), ...setAll('k2')]);
      const { models, asked } = watching('things-1.past');
      const request = { where: { kind: 'k2' }, sort, limit: 2, asOf: 2 * all.length, totals: false };
      const listed = await pages(models, request);
      expect(listed.flatMap(({ items }) => items.map(({ _id }) => _id))).toEqual(all);
      expect(asked.map((filter) => ('name' in filter ? filter.name : null))).toEqual([
        // The first page finds out, the last one is not filled.
        null,
        null,
        { $lte: 't5' },
        null,
      ]);
      await models.list('things', request);
      asked.length = 0;
      // Of another list nothing is known by that.
      await models.list('things', { ...request, where: { flag: true } });
      expect(asked).toHaveLength(2);
    });

    it('a page of an earlier state is full, also when what was to fill it is erased while it is read', async () => {
      const recorded = recordedLog();
      const setAll = (kind: string, keys: readonly string[]) =>
        keys.map((key) =>
          recorded<ThingEvent>('thing-1', {
            type: 'ThingSet',
            data: { org: 'org_1', kind, flag: true, name: key, keys: [key] },
          }),
        );
      const ended = ['t1', 't2', 't4', 't5', 't6'];
      await open([...setAll('k1', ['t1', 't2', 't3', 't4', 't5', 't6']), ...setAll('k2', ended)]);
      const { store } = scratch as Scratch;
      let erased = false;
      const between = {
        transactional: true,
        collection: (name: string) =>
          new Proxy(store.collection(name), {
            get: (target, property: 'find') => {
              if (property !== 'find') return target[property];
              return (filter: object) => {
                // Right before the live page is read, which is bounded by then.
                const gone = !erased && name === 'things-1' && 'name' in filter;
                if (!gone) return target.find(filter as never);
                erased = true;
                const before = dropDocuments('things-1', ['t4', 't5', 't6'], store);
                return {
                  sort: (by: never) => ({
                    limit: (most: number) => ({
                      toArray: async () => {
                        await before;
                        return target
                          .find(filter as never)
                          .sort(by)
                          .limit(most)
                          .toArray();
                      },
                    }),
                  }),
                };
              };
            },
          }),
      };
      const models = new ReadModels(between as never, projector as Projector, [things]);
      const descending = { ...sort, direction: -1 } as const;
      const request = { where: { kind: 'k1' }, sort: descending, limit: 2, asOf: 6, totals: false };
      const listed = await pages(models, request);
      expect(erased).toBe(true);
      expect(listed.map(({ items }) => items.map(({ _id }) => _id))).toEqual([['t3', 't2'], ['t1']]);
    });

    it('what passes to another counter between the counters and the page is on the page', async () => {
      const [one, other] = [
        { kind: 'k1', name: 'a' },
        { kind: 'k2', name: 'b' },
      ];
      expect(await overtaken(one, other, 'things-1', ofBothKinds)).toEqual({
        items: [['t1', 'b']],
        total: 1,
      });
    });

    it('where counters and documents change one after the other, no page is found by counters', async () => {
      const models = await open([set(recordedLog(), 'k1', 'a')]);
      const { store } = scratch as Scratch;
      const cells = store.collection<Cell>('things-1.cells');
      const [counter] = await cells.find({}).toArray();
      const passed = { ...(counter as Cell), values: { kind: 'k2', flag: true }, at: 2 };
      await cells.bulkWrite([
        { updateOne: { filter: { _id: passed._id }, update: { $set: { n: 0 } } } },
        { insertOne: { document: { ...passed, _id: 'the other counter' } } },
      ]);
      expect((await models.list<Thing>('things', ofBothKinds)).items).toEqual([]);
      const standalone = { collection: store.collection.bind(store), transactional: false } as const;
      const careful = new ReadModels(standalone, projector as Projector, [things]);
      const { items, total } = await careful.list<Thing>('things', ofBothKinds);
      expect([items.map(({ _id }) => _id), total]).toEqual([['t1'], 1]);
    });
  });
});
