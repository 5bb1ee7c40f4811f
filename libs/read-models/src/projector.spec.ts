import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { Event, Projection, RecordedEvent } from '#kernel';
import { withoutTransactions } from '../../../test/support/crashing-documents.ts';
import { type Scratch, scratchDocuments } from '../../../test/support/scratch-documents.ts';
import { recordedLog, ScriptedLog } from '../../../test/support/scripted-log.ts';
import {
  batchSizes,
  dumpOf,
  naiveFold,
  randomLog,
  type Thing,
  type ThingEvent,
  things,
} from '../../../test/support/things.ts';
import type { DocumentStore } from './port.ts';
import { Projector, type ProjectorObserver } from './projector.ts';
import { ReadModelBehind, ReadModels } from './reader.ts';
import { RemoteProgress } from './remote-progress.ts';

const LONG = process.env.ORGLEDGER_LONG === '1';
if (LONG) jest.setTimeout(1_800_000);
const quiet: ProjectorObserver = { progressed: () => {}, quarantined: () => {}, interrupted: () => {} };

const scratches: Scratch[] = [];
const projectors: Projector[] = [];
const scratch = async (): Promise<DocumentStore> => {
  const opened = await scratchDocuments();
  scratches.push(opened);
  return opened.store;
};
const clean = async () => {
  for (const projector of projectors.splice(0)) await projector.stop();
  for (const opened of scratches.splice(0)) await opened.close();
};
afterEach(clean);

type ThingProjection = Projection<Thing, ThingEvent>;

const started = async (
  log: ReturnType<typeof ScriptedLog.store>,
  documents: DocumentStore,
  projection: ThingProjection = things,
  observer: Partial<ProjectorObserver> = {},
): Promise<Projector> => {
  const projector = new Projector(log, documents, [projection], { ...quiet, ...observer });
  projectors.push(projector);
  await projector.start();
  return projector;
};

const caughtUp = async (projector: Projector, log: ScriptedLog): Promise<void> => {
  if (!(await projector.waitFor(await log.head(), 10_000)))
    throw new Error('the projector does not catch up');
};

const turn = () => new Promise((resume) => setImmediate(resume));

const serving = async (projector: Projector, build: string): Promise<boolean> => {
  for (let turns = 0; turns < 20_000; turns += 1) {
    if (projector.served('things') === build) return true;
    await turn();
  }
  return false;
};

/** The same read model, built in one go. */
const someEvents = (count: number): RecordedEvent[] => {
  const recorded = recordedLog();
  return Array.from({ length: count }, (_, n) =>
    recorded<ThingEvent>(`thing-${n % 7}`, {
      type: 'ThingSet',
      data: { org: 'org_1', kind: 'k1', flag: n % 2 === 0, name: `n${n}`, keys: [`t${n % 7}`] },
    }),
  );
};

const cleanDump = async (events: readonly RecordedEvent[], projection = things): Promise<string> => {
  const documents = await scratch();
  const log = ScriptedLog.store(events);
  await caughtUp(await started(log, documents, projection), log);
  return dumpOf(documents, `things-${projection.version}`);
};

const shown = async (projector: Projector, documents: DocumentStore, projection = things) => {
  const models = new ReadModels(documents, projector, [projection]);
  const all: Record<string, Thing> = {};
  for (const org of ['org_1', 'org_2'])
    for (const { _id, ...thing } of (
      await models.list<Thing>('things', {
        where: { org },
        sort: { field: 'name', direction: 1 },
        limit: 100,
      })
    ).items)
      all[_id] = thing as Thing;
  return all;
};

describe('the one ordered follower', () => {
  it('rules.md 2.10.9: in whatever batches a log comes, the documents are the same, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(randomLog({ minLength: 1, maxLength: 25 }), batchSizes, async (events, sizes) => {
        const documents = await scratch();
        const log = ScriptedLog.store(events, sizes);
        const projector = await started(log, documents);
        await caughtUp(projector, log);
        expect(await shown(projector, documents)).toEqual(Object.fromEntries(naiveFold(things, events)));
        expect(await dumpOf(documents, 'things-1')).toBe(await cleanDump(events));
        await clean();
      }),
      { numRuns: LONG ? 2_000 : 25 },
    );
  });

  it('rules.md 2.10.9: a rebuild from zero at any position makes byte-identical documents, while more arrives', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomLog({ minLength: 2, maxLength: 25 }),
        batchSizes,
        fc.nat(),
        async (events, sizes, seed) => {
          const at = 1 + (seed % (events.length - 1));
          const documents = await scratch();
          const log = ScriptedLog.store(events.slice(0, at), sizes);
          const projector = await started(log, documents);
          await caughtUp(projector, log);
          const rebuilt = projector.rebuild('things');
          log.push(...events.slice(at));
          await rebuilt;
          await caughtUp(projector, log);
          expect(projector.served('things')).toBe('things-1.2');
          expect(await dumpOf(documents, 'things-1.2')).toBe(await cleanDump(events));
          expect(await dumpOf(documents, 'things-1')).toBe('');
          await clean();
        },
      ),
      { numRuns: LONG ? 2_000 : 25 },
    );
  });

  it('stopped after any batch and started again, it goes on where it was', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomLog({ minLength: 3, maxLength: 20 }),
        batchSizes,
        fc.integer({ min: 1, max: 5 }),
        async (events, sizes, batches) => {
          const documents = await scratch();
          const log = ScriptedLog.store(events, sizes);
          let left = batches;
          let stop = () => {};
          const enough = new Promise<void>((resolve) => {
            stop = resolve;
          });
          const head = await log.head();
          const first = await started(log, documents, things, {
            progressed: (position) => {
              left -= 1;
              if (left === 0 || position === head) stop();
            },
          });
          await enough;
          await first.stop();
          const second = await started(log, documents);
          await caughtUp(second, log);
          expect(await dumpOf(documents, 'things-1')).toBe(await cleanDump(events));
          await clean();
        },
      ),
      { numRuns: LONG ? 1_000 : 15 },
    );
  });

  it('a first build over a long log is read when it is level and has its indexes, also after a stop on the way', async () => {
    const events = someEvents(1_200);
    const documents = await scratch();
    const log = ScriptedLog.store(events, [500]);
    const first: Projector = await started(log, documents, things, {
      progressed: () => void first.stop(),
    });
    expect([first.served('things'), first.position]).toEqual([undefined, -1]);
    await first.stop();
    expect([first.served('things'), first.position]).toEqual([undefined, -1]);
    const second = await started(log, documents);
    expect(second.served('things')).toBeUndefined();
    await caughtUp(second, log);
    expect(second.served('things')).toBe('things-1');
    expect(await dumpOf(documents, 'things-1')).toBe(await cleanDump(events));
  });

  it('a rebuild that is served before the first build has its indexes goes on being served', async () => {
    const events = someEvents(1_200);
    const documents = await scratch();
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const ensureIndexes = documents.ensureIndexes.bind(documents);
    jest.spyOn(documents, 'ensureIndexes').mockImplementation(async (collection, indexes, options) => {
      if (collection === 'things-1' && !options?.later) {
        begun.resolve();
        await goOn.promise;
      }
      return ensureIndexes(collection, indexes, options);
    });
    const log = ScriptedLog.store(events, [500]);
    const projector = await started(log, documents);
    await begun.promise;
    await projector.rebuild('things');
    expect(projector.served('things')).toBe('things-1.2');
    goOn.resolve();
    log.push(...someEvents(1_201).slice(-1));
    await caughtUp(projector, log);
    expect(projector.served('things')).toBe('things-1.2');
    expect((await documents.names()).filter((name) => /^things-1(?!\.2)/.test(name))).toEqual([]);
    expect(await dumpOf(documents, 'things-1.2')).toBe(await cleanDump(log.events));
  });

  it('of very many events the bulky is filled when the others are readable, also after a stop on the way', async () => {
    const events = someEvents(1_200);
    const documents = await scratch();
    const log = ScriptedLog.store(events, [500]);
    const both = [{ ...things, name: 'bulky', bulky: true }, things];
    const meanwhile: Promise<string>[] = [];
    const follower = async (): Promise<Projector> => {
      const progressed = () => meanwhile.push(dumpOf(documents, 'bulky-1'));
      const projector = new Projector(
        log,
        documents,
        both,
        { ...quiet, progressed },
        { bulkyLastFrom: 1_200 },
      );
      projectors.push(projector);
      await projector.start();
      return projector;
    };
    const first = await follower();
    if (!(await first.waitFor(1_200, 10_000, ['things']))) throw new Error('the others are not filled');
    expect(first.served('bulky')).toBeUndefined();
    await first.stop();
    expect(await Promise.all(meanwhile)).toEqual(['', '', '']);
    const second = await follower();
    await caughtUp(second, log);
    expect([second.served('bulky'), second.served('things')]).toEqual(['bulky-1', 'things-1']);
    expect(await dumpOf(documents, 'bulky-1')).toBe(await cleanDump(events));
  });

  it('without transactions, a death at every single write heals to the same documents', async () => {
    let deaths = 0;
    await fc.assert(
      fc.asyncProperty(randomLog({ minLength: 8, maxLength: 10 }), batchSizes, async (events, sizes) => {
        const expected = await cleanDump(events);
        const whole = withoutTransactions(await scratch());
        const wholeLog = ScriptedLog.store(events, sizes);
        await caughtUp(await started(wholeLog, whole.store), wholeLog);
        expect(await dumpOf(whole.store, 'things-1')).toBe(expected);
        await clean();
        for (let survives = 1; survives < whole.writes(); survives += 1) {
          const documents = await scratch();
          const log = ScriptedLog.store(events, sizes);
          let died = () => {};
          const death = new Promise<void>((resolve) => {
            died = resolve;
          });
          const doomed = new Projector(log, withoutTransactions(documents, survives).store, [things], {
            ...quiet,
            interrupted: () => died(),
          });
          await doomed.start().then(
            () => death,
            () => undefined,
          );
          await doomed.stop();
          deaths += 1;
          const healed = await started(
            ScriptedLog.store(events, [...sizes].reverse()),
            withoutTransactions(documents).store,
          );
          await caughtUp(healed, log);
          expect(await dumpOf(documents, healed.served('things') as string)).toBe(expected);
          await clean();
        }
      }),
      LONG ? { numRuns: 100 } : { numRuns: 4, seed: 20260101 },
    );
    expect(deaths).toBeGreaterThan(50);
  });

  it('rules.md 2.10.9: asked for twice at once, a rebuild is made once', async () => {
    const events = someEvents(60);
    const documents = await scratch();
    const log = ScriptedLog.store(events, [7]);
    const troubles: Error[] = [];
    const projector = await started(log, documents, things, { interrupted: (error) => troubles.push(error) });
    await caughtUp(projector, log);
    await Promise.all([projector.rebuild('things'), projector.rebuild('things')]);
    expect(troubles).toEqual([]);
    expect(await dumpOf(documents, 'things-1.2')).toBe(await cleanDump(events));
  });

  it('USR-10: what a build is being filled with while somebody is erased is told anew, too', async () => {
    const events = someEvents(20);
    const documents = await scratch();
    const written = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const log = ScriptedLog.store(events, [7]);
    log.at = async (position) => log.events[position - 1];
    const about: ThingProjection = { ...things, persons: ['org'] };
    const projector = await started(log, documents, about);
    await caughtUp(projector, log);
    const transaction = documents.transaction.bind(documents);
    jest.spyOn(documents, 'transaction').mockImplementationOnce((work) =>
      transaction(async (within) => {
        const result = await work(within);
        written.resolve();
        await goOn.promise;
        return result;
      }),
    );
    const rebuilt = projector.rebuild('things');
    await written.promise;
    for (const [index, event] of log.events.entries())
      log.events[index] = { ...event, data: { ...event.data, name: '[erased]' } };
    const erased = projector.erase('org_1', await log.head(), 10_000);
    for (let turns = 0; turns < 50; turns += 1) await turn();
    goOn.resolve();
    expect(await erased).toBe(true);
    await rebuilt;
    expect(await dumpOf(documents, 'things-1.2')).toBe(await cleanDump(log.events, about));
  });

  it('an event that its reducer cannot take quarantines its stream alone, visibly, until a rebuild', async () => {
    const recorded = recordedLog();
    const set = (stream: string, key: string, name: string) =>
      recorded<ThingEvent>(stream, {
        type: 'ThingSet',
        data: { org: 'org_1', kind: 'k1', flag: true, name, keys: [key] },
      });
    const events = [
      set('thing-1', 't1', 'a'),
      set('thing-2', 't2', 'b'),
      set('thing-1', 't1', 'poison'),
      set('thing-2', 't2', 'bb'),
      set('thing-1', 't1', 'after'),
    ];
    const breaking: ThingProjection = {
      ...things,
      on: {
        ...things.on,
        ThingSet: {
          key: ({ data }) => data.keys,
          to: (thing, event, key) => {
            if (event.data.name === 'poison') throw new Error('cannot take this');
            return (things.on.ThingSet as NonNullable<typeof things.on.ThingSet>).to(thing, event, key);
          },
        },
      },
    };
    const documents = await scratch();
    const log = ScriptedLog.store(events, [2]);
    const seen: string[] = [];
    const broken = await started(log, documents, breaking, {
      quarantined: (projection, { stream, position }) => seen.push(`${projection} ${stream} ${position}`),
    });
    await caughtUp(broken, log);
    const quarantined = [{ stream: 'thing-1', position: 3, error: 'cannot take this' }];
    expect(broken.health()).toMatchObject([
      { name: 'things', version: 1, position: 5, building: false, quarantined },
    ]);
    expect(seen).toEqual(['things thing-1 3']);
    expect(await shown(broken, documents)).toMatchObject({ t1: { name: 'a' }, t2: { name: 'bb' } });
    await broken.stop();

    const fixed = await started(log, documents);
    log.push(set('thing-1', 't1', 'later'));
    await caughtUp(fixed, log);
    expect(fixed.health()[0]?.quarantined).toEqual(quarantined);
    expect(await shown(fixed, documents)).toMatchObject({ t1: { name: 'a' } });
    await fixed.rebuild('things');
    expect(fixed.health()[0]?.quarantined).toEqual([]);
    expect(await dumpOf(documents, 'things-1.2')).toBe(await cleanDump(log.events));
    expect(await documents.collection('quarantine').countDocuments({})).toBe(0);
  });

  it('an event that cannot be read quarantines its stream in every read model, known type or not', async () => {
    const recorded = recordedLog();
    const set = (stream: string, key: string) =>
      recorded<ThingEvent>(stream, {
        type: 'ThingSet',
        data: { org: 'org_1', kind: 'k1', flag: true, name: 'a', keys: [key] },
      });
    const unreadable = (stream: string, type: string) => ({
      ...recorded<Event>(stream, { type, data: {} }),
      unreadable: `why ${type}`,
    });
    const events = [
      unreadable('thing-1', 'NobodyKnowsThis'),
      set('thing-1', 't1'),
      unreadable('thing-2', 'ThingSet'),
      set('thing-3', 't3'),
    ];
    const documents = await scratch();
    const log = ScriptedLog.store(events);
    const projector = await started(log, documents);
    await caughtUp(projector, log);
    expect(projector.health()[0]?.quarantined).toEqual([
      { stream: 'thing-1', position: 1, error: 'why NobodyKnowsThis' },
      { stream: 'thing-2', position: 3, error: 'why ThingSet' },
    ]);
    expect(Object.keys(await shown(projector, documents))).toEqual(['t3']);
  });

  it('events that no reaction names change nothing but the position', async () => {
    const recorded = recordedLog();
    const log = ScriptedLog.store([recorded('other-1', { type: 'SomethingElse', data: {} })]);
    const documents = await scratch();
    const projector = await started(log, documents);
    await caughtUp(projector, log);
    expect([projector.position, await dumpOf(documents, 'things-1')]).toEqual([1, '']);
  });

  it('a stop does not wait for the indexes of every build; the next start goes on where it was left', async () => {
    const events = someEvents(1_000);
    const documents = await scratch();
    const log = ScriptedLog.store(events);
    const both = [things, { ...things, name: 'others' }];
    let stopping: Promise<void> | undefined;
    const stopped = new Projector(
      log,
      new Proxy(documents, {
        get: (target, property: keyof DocumentStore) => {
          if (property !== 'ensureIndexes')
            return (target[property] as () => void).bind?.(target) ?? target[property];
          return async (...given: Parameters<DocumentStore['ensureIndexes']>) => {
            if (given[0] === 'things-1' && !given[2]?.later) stopping = stopped.stop();
            await target.ensureIndexes(...given);
          };
        },
      }),
      both,
      quiet,
    );
    await stopped.start();
    while (!stopping) await turn();
    await stopping;
    expect([stopped.served('things'), stopped.served('others')]).toEqual(['things-1', undefined]);
    const next = new Projector(log, documents, both, quiet);
    projectors.push(next);
    await next.start();
    await caughtUp(next, log);
    expect(next.served('others')).toBe('others-1');
    expect(await dumpOf(documents, 'things-1')).toBe(await cleanDump(events));
  });

  describe('a higher version', () => {
    const two: ThingProjection = {
      ...things,
      version: 2,
      since: 1,
      on: {
        ...things.on,
        ThingSet: {
          key: ({ data }) => data.keys,
          to: (thing, event, key) => {
            const next = (things.on.ThingSet as NonNullable<typeof things.on.ThingSet>).to(thing, event, key);
            return next && { ...next, kind: `${next.kind}!` };
          },
        },
      },
    };
    it('fills beside the served one, is served when level, and the old one is dropped; queries never fail', async () => {
      const events = someEvents(120);
      const documents = await scratch();
      const log = ScriptedLog.store(events.slice(0, 60), [3]);
      const before = await started(log, documents);
      await caughtUp(before, log);
      await before.stop();

      const after = await started(log, documents, two);
      expect(after.served('things')).toBe('things-1');
      const models = new ReadModels(documents, after, [two]);
      const kinds = new Set<string>();
      const work = (async () => {
        for (let n = 60; after.served('things') !== 'things-2' || n < 120; n += 1) {
          if (n < 120) log.push(events[n] as RecordedEvent);
          await turn();
          const page = await models.list<Thing>('things', {
            where: { org: 'org_1' },
            sort: { field: 'name', direction: 1 },
            limit: 3,
          });
          expect([page.items.length, page.total]).toEqual([3, 7]);
          expect(await models.get('things', 't1')).toBeDefined();
          const seen = new Set(page.items.map(({ kind }) => kind));
          expect(seen.size).toBe(1);
          for (const kind of seen) kinds.add(kind);
        }
      })();
      await work;
      await caughtUp(after, log);
      expect([...kinds].sort()).toContain('k1');
      expect(after.served('things')).toBe('things-2');
      await after.stop();
      expect((await documents.names()).filter((name) => name.startsWith('things-1'))).toEqual([]);
      expect(await dumpOf(documents, 'things-2')).toBe(await cleanDump(events, two));
    });

    it('that says more than the earlier ones is waited for; the earlier one is kept for whoever still reads it', async () => {
      const { since: _, ...more } = two;
      const events = someEvents(20);
      const documents = await scratch();
      const log = ScriptedLog.store(events, [3]);
      const before = await started(log, documents);
      await caughtUp(before, log);
      await before.stop();
      const remote = new RemoteProgress(documents, [more], () => undefined);
      const earlier = new RemoteProgress(documents, [things], () => undefined);
      await Promise.all([remote.start(), earlier.start()]);
      expect([remote.served('things'), remote.positionOf('things')]).toEqual([undefined, -1]);
      expect(earlier.served('things')).toBe('things-1');
      await Promise.all([remote.stop(), earlier.stop()]);
      const after = await started(log, documents, more);
      expect([after.served('things'), after.positionOf('things')]).toEqual([undefined, -1]);
      const models = new ReadModels(documents, after, [more]);
      const first = models.get('things', 't1');
      await expect(first).rejects.toThrow(ReadModelBehind);
      expect(await serving(after, 'things-2')).toBe(true);
      await after.stop();
      expect((await documents.names()).filter((name) => name.startsWith('things-1'))).toEqual([]);
    });

    it('interrupted by a return to the earlier release, leaves that one served whole', async () => {
      const events = someEvents(40);
      const documents = await scratch();
      const log = ScriptedLog.store(events.slice(0, 30), [3]);
      const first = await started(log, documents);
      await caughtUp(first, log);
      await first.stop();
      const upgrading = await started(log, documents, two);
      await upgrading.stop();
      log.push(...events.slice(30));
      const back = await started(log, documents);
      await caughtUp(back, log);
      expect(await shown(back, documents)).toEqual(Object.fromEntries(naiveFold(things, events)));
      expect(await dumpOf(documents, back.served('things') as string)).toBe(await cleanDump(events));
      const builds = (await documents.names()).filter((name) => /^things-[\d.]*\d$/.test(name));
      expect(builds).toEqual([back.served('things')]);
    });

    it('without transactions, a death at every write of the change heals', async () => {
      const events = someEvents(6);
      const prepare = async () => {
        const documents = await scratch();
        const log = ScriptedLog.store(events, [2]);
        const first = await started(log, documents);
        await caughtUp(first, log);
        await first.stop();
        return { documents, log };
      };
      const expected = await cleanDump(events, two);
      for (let survives = 0, done = false; !done; survives += 1) {
        const { documents, log } = await prepare();
        let died = () => {};
        const death = new Promise<void>((resolve) => {
          died = resolve;
        });
        const { store, writes } = withoutTransactions(documents, survives);
        const doomed = new Projector(log, store, [two], { ...quiet, interrupted: () => died() });
        const level = doomed.start().then(
          () => Promise.race([death, serving(doomed, 'things-2')]),
          () => undefined,
        );
        await level;
        await doomed.stop();
        done = writes() <= survives;
        const healed = await started(log, withoutTransactions(documents).store, two);
        await serving(healed, 'things-2');
        await caughtUp(healed, log);
        expect(await dumpOf(documents, 'things-2')).toBe(expected);
        await clean();
      }
    });
  });
});
