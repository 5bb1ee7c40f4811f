import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type EventStore, openEmbeddedEvents, StoreUnavailable, Together } from '#event-store';
import { type Decider, type Event, forbidden, isRefusal, refuse } from '#kernel';
import {
  awaited,
  type Envelope,
  Fingerprints,
  namedUuid,
  type Receipt,
  systemPrincipal,
} from './envelope.ts';
import { Execution, type Step } from './execution.ts';

type Counted = Event<'Counted', { by: number; total: number }>;
interface Count {
  type: 'Count';
  by: number;
}

const counter: Decider<number, Count, Counted> = {
  category: 'counter',
  initial: 0,
  evolve: (total, { data }) => total + data.by,
  decide: ({ by }, total) => {
    if (by < 0) return refuse('invalid', 'negative', 'Only upwards.');
    return by === 0 ? [] : [{ type: 'Counted', data: { by, total: total + by } }];
  },
  organizationOf: () => 'org_1',
};

const clock = { now: () => Date.parse('2026-01-01T00:00:00.000Z') };
const step = (by: number, id = 'c1'): Step<number, Count, Counted> => ({
  decider: counter,
  id,
  command: { type: 'Count', by },
  answer: (total) => ({ total }),
});
const envelope = (name: string, more: Partial<Envelope> = {}): Envelope => ({
  commandId: namedUuid(name),
  fingerprint: `of ${name}`,
  ifMatch: undefined,
  dryRun: false,
  principal: systemPrincipal,
  source: 'system',
  sourceIp: null,
  userAgent: null,
  correlationId: name,
  causationId: null,
  ...more,
});

describe('execution', () => {
  let folder: string;
  let store: EventStore;
  const fresh = (over: EventStore = store) =>
    new Execution(over, clock, {
      foresee: (events) =>
        events.map(({ type }) => ({ command: `After${type}`, resource: { type: 'counter', id: 'c1' } })),
      awaits: (events) => events.some(({ data }) => (data as Counted['data']).by > 9),
    });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'orgledger-execution-'));
    store = openEmbeddedEvents(folder);
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it('P2: the same command id answers the first receipt byte for byte, whatever followed, also in another process', async () => {
    const execution = fresh();
    const first = JSON.stringify(await execution.run(step(2), envelope('a')));
    await execution.run(step(5), envelope('b'));
    expect(JSON.stringify(await execution.run(step(2), envelope('a')))).toBe(first);
    expect(JSON.stringify(await fresh().run(step(2), envelope('a')))).toBe(first);
    expect(JSON.parse(first)).toMatchObject({ id: 'c1', stream: 'counter-c1', revision: 0, total: 2 });
    expect(await store.read('counter-c1')).toHaveLength(2);
  });

  it('P2: the same command id with another payload is refused and writes nothing', async () => {
    await fresh().run(step(2), envelope('a'));
    for (const execution of [fresh()])
      expect(await execution.run(step(3), envelope('a', { fingerprint: 'other' }))).toMatchObject({
        code: 'idempotency_key_reused',
      });
    expect(await store.read('counter-c1')).toHaveLength(1);
  });

  it('If-Match: another revision is refused with the one there is; the right one is written', async () => {
    const execution = fresh();
    await execution.run(step(2), envelope('a'));
    const refused = await execution.run(step(3), envelope('b', { ifMatch: 4 }));
    expect(refused).toMatchObject({
      refused: 'precondition',
      code: 'revision_conflict',
      members: { revision: 0 },
    });
    expect(await execution.run(step(3), envelope('b', { ifMatch: 0 }))).toMatchObject({
      revision: 1,
      total: 5,
    });
  });

  it('If-Match: of two who saw the same revision, one writes', async () => {
    await fresh().run(step(1), envelope('start'));
    const outcomes = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => fresh().run(step(1), envelope(name, { ifMatch: 0 }))),
    );
    expect(outcomes.filter((outcome) => !isRefusal(outcome))).toHaveLength(1);
    for (const refused of outcomes.filter(isRefusal)) expect(refused.code).toBe('revision_conflict');
  });

  it('P3: contenders in several processes are decided anew on what the others wrote: nothing lost, nothing twice', async () => {
    const contenders = [fresh(), fresh(), fresh()];
    const outcomes = await Promise.all(
      Array.from({ length: 24 }, (_, n) => (contenders[n % 3] as Execution).run(step(1), envelope(`n${n}`))),
    );
    const totals = outcomes.map((outcome) => (outcome as Receipt).total as number).sort((a, b) => a - b);
    expect(totals).toEqual(Array.from({ length: 24 }, (_, n) => n + 1));
    expect((await store.read('counter-c1')).map(({ data }) => (data as Counted['data']).total)).toEqual(
      totals,
    );
  });

  it('of the same command in several processes at once, one writes and all answer alike', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => fresh().run(step(1), envelope('same'))),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await store.read('counter-c1')).toHaveLength(1);
  });

  it('a technical stream answers only so many newest events; the next one and a repeat of what is kept work as before', async () => {
    const technical = { ...counter, category: 'technical', keeps: 3 };
    const count = (by: number): Step<number, Count, Counted> => ({ ...step(by), decider: technical });
    for (const by of [1, 2, 3, 4, 5]) await fresh().run(count(by), envelope(`look ${by}`));
    const kept = await store.read('technical-c1');
    expect(kept.map(({ revision, data }) => [revision, data])).toMatchObject([
      [2, { by: 3 }],
      [3, { by: 4 }],
      [4, { by: 5 }],
    ]);
    expect(await fresh().run(count(4), envelope('look 4'))).toMatchObject({ revision: 3 });
    expect(await fresh().run(count(6), envelope('look 6'))).toMatchObject({ revision: 5 });
    await fresh().run(step(1), envelope('business'));
    for (const by of [2, 3, 4, 5]) await fresh().run(step(by), envelope(`business ${by}`));
    expect(await store.read('counter-c1')).toHaveLength(5);
  });

  it('a technical stream of a release that kept everything is bounded as well, once so many more have come', async () => {
    const technical = { ...counter, category: 'technical' };
    const count = (by: number, keeps?: number) =>
      fresh().run({ ...step(by), decider: { ...technical, keeps } }, envelope(`look ${by}`));
    for (const by of [1, 2, 3, 4]) await count(by);
    for (const by of [5, 6, 7]) await count(by, 3);
    expect((await store.read('technical-c1')).map(({ revision }) => revision)).toEqual([4, 5, 6]);
  });

  it('a dry run tells the events and what would follow, and writes nothing', async () => {
    expect(await fresh().run(step(2), envelope('a', { dryRun: true }))).toEqual({
      dryRun: true,
      events: [{ type: 'Counted', data: { by: 2, total: 2 }, stream: 'counter-c1' }],
      effects: [{ command: 'AfterCounted', resource: { type: 'counter', id: 'c1' } }],
    });
    expect(await store.head()).toBe(0);
  });

  it('a command that changes nothing answers where the stream is and writes nothing', async () => {
    const execution = fresh();
    await execution.run(step(2), envelope('a'));
    expect(await execution.run(step(0), envelope('b'))).toMatchObject({ revision: 0, events: [], total: 2 });
    expect(await store.head()).toBe(1);
  });

  it('an answer says whether it waits for what follows; a repeat leaves that to the types of its events', async () => {
    const execution = fresh();
    const told = async (by: number, name: string) =>
      ((await execution.run(step(by), envelope(name))) as Receipt)[awaited];
    expect([await told(2, 'a'), await told(20, 'b')]).toEqual([false, true]);
    expect([await told(2, 'a'), await told(20, 'b'), await told(0, 'c')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('who may not is refused before anything is decided', async () => {
    const asked = { ...step(-1), authorize: () => forbidden };
    expect(await fresh().run(asked, envelope('a'))).toEqual(forbidden);
  });

  it('a stream that the store knows by heart is not read again; one that others may have written is', async () => {
    const reads: string[] = [];
    const watched = (knows: boolean): EventStore =>
      Object.create(store, {
        append: { value: store.append.bind(store) },
        read: {
          value: (...given: Parameters<EventStore['read']>) => {
            reads.push(given[0]);
            return store.read(...given);
          },
        },
        isNewest: { value: knows ? store.isNewest?.bind(store) : undefined },
      });
    const knowing = fresh(watched(true));
    await knowing.run(step(2), envelope('a'));
    expect(reads).toEqual(['counter-c1']);
    expect(await knowing.run(step(3), envelope('b'))).toMatchObject({ revision: 1, total: 5 });
    expect(await knowing.load(counter, 'c1')).toMatchObject({ state: 5, revision: 1 });
    expect(reads).toEqual(['counter-c1']);
    await fresh().run(step(1), envelope('c'));
    expect(await knowing.load(counter, 'c1')).toMatchObject({ state: 6, revision: 2 });
    expect(reads).toEqual(['counter-c1', 'counter-c1']);
    const asking = fresh(watched(false));
    await asking.load(counter, 'c1');
    await asking.load(counter, 'c1');
    expect(reads).toHaveLength(4);
  });

  it('what is made of a random id is not looked for; of an id that may come again it is', async () => {
    const begun: string[] = [];
    const watched: EventStore = Object.create(store, {
      append: { value: store.append.bind(store) },
      read: { value: store.read.bind(store) },
      isNewest: { value: store.isNewest?.bind(store) },
      begins: {
        value: (stream: string) => {
          begun.push(stream);
          store.begins?.(stream);
        },
      },
    });
    const execution = fresh(watched);
    const random = envelope('a', { commandId: randomUUID() });
    expect(await execution.run({ ...step(2), made: true }, random)).toMatchObject({ revision: 0, total: 2 });
    expect(await execution.repeated(step(2), random)).toBeUndefined();
    expect(await execution.run({ ...step(3), made: true }, random)).toMatchObject({ revision: 1, total: 5 });
    expect(begun).toEqual(['counter-c1', 'counter-c1']);
    await execution.run({ ...step(2, 'c2'), made: true }, envelope('b'));
    expect(await fresh(watched).repeated(step(2, 'c2'), envelope('b'))).toMatchObject({
      revision: 0,
      total: 2,
    });
    expect(begun).toHaveLength(2);
    expect((await store.read('counter-c1')).map(({ revision }) => revision)).toEqual([0, 1]);
  });

  it('an outage goes through to the caller, and the same command works afterwards, once', async () => {
    let away = true;
    const lossy: EventStore = Object.create(store, {
      append: {
        value: async (...given: Parameters<EventStore['append']>) => {
          const appended = await store.append(...given);
          if (away) throw new StoreUnavailable('the answer got lost');
          return appended;
        },
      },
      read: { value: store.read.bind(store) },
      isNewest: { value: undefined },
    });
    const execution = fresh(lossy);
    await expect(execution.run(step(2), envelope('a'))).rejects.toThrow(StoreUnavailable);
    away = false;
    expect(await execution.run(step(2), envelope('a'))).toMatchObject({ revision: 0, total: 2 });
    expect(await store.read('counter-c1')).toHaveLength(1);
  });

  it('P1: a step ahead does not wait for the disk; whoever is answered from its stream does', async () => {
    const execution = fresh();
    const together = new Together();
    const claimed = await execution.run({ ...step(2), ahead: true }, envelope('a', { together }));
    expect(claimed).toMatchObject({ revision: 0, total: 2 });
    expect(await store.head()).toBe(0);
    const unchanged = await execution.run(step(0), envelope('b'));
    expect(unchanged).toMatchObject({ revision: 0, events: [], total: 2 });
    expect(await store.head()).toBe(1);
    const repeated = envelope('c', { together: new Together() });
    await execution.run({ ...step(3), ahead: true }, repeated);
    expect(await execution.run(step(3), envelope('c'))).toMatchObject({ revision: 1, total: 5 });
    expect(await store.head()).toBe(2);
  });

  it('P1: whoever goes on from a command before the disk sees it, and waits for what it is held together by', async () => {
    const execution = fresh();
    const together = new Together();
    await execution.run(step(2), envelope('a', { together, ahead: true }));
    expect(await execution.load(counter, 'c1')).toMatchObject({ state: 2, revision: 0 });
    expect(await store.head()).toBe(0);
    await together.onDisk;
    expect(await store.head()).toBe(1);
  });

  it('P1: what was made ahead and could not be kept is forgotten', async () => {
    const disk = Promise.withResolvers<void>();
    const losing: EventStore = Object.create(store, {
      append: { value: async () => ({ revision: 0, position: 1, onDisk: disk.promise }) },
      read: { value: store.read.bind(store) },
      isNewest: { value: undefined },
    });
    const execution = fresh(losing);
    await execution.run({ ...step(2), ahead: true }, envelope('a', { together: new Together() }));
    const unchanged = execution.run(step(0), envelope('b'));
    disk.reject(new StoreUnavailable('the disk is full'));
    await expect(unchanged).rejects.toThrow(StoreUnavailable);
    expect(await execution.load(counter, 'c1')).toMatchObject({ state: 0, revision: -1 });
  });

  it('P1: who is refused because of what is on the way to the disk is told when it is there', async () => {
    const disk = Promise.withResolvers<void>();
    const losing: EventStore = Object.create(store, {
      append: { value: async () => ({ revision: 0, position: 1, onDisk: disk.promise }) },
      read: { value: store.read.bind(store) },
      isNewest: { value: undefined },
    });
    const execution = fresh(losing);
    const written = execution.run(step(2), envelope('a', { together: new Together() }));
    const refused = execution.run(step(-1), envelope('b'));
    await new Promise((resume) => setImmediate(resume));
    expect(await execution.load(counter, 'c1')).toMatchObject({ state: 0, revision: -1 });
    disk.reject(new StoreUnavailable('the disk is full'));
    await expect(written).rejects.toThrow(StoreUnavailable);
    await expect(refused).rejects.toThrow(StoreUnavailable);
  });

  it('P3: those on one stream decide one after the other and wait for the disk together', async () => {
    const heads: number[] = [];
    const watched: EventStore = Object.create(store, {
      append: {
        value: async (...given: Parameters<EventStore['append']>) => {
          heads.push(await store.head());
          return store.append(...given);
        },
      },
      read: { value: store.read.bind(store) },
      isNewest: { value: undefined },
    });
    const execution = fresh(watched);
    const outcomes = await Promise.all(
      Array.from({ length: 64 }, (_, index) =>
        execution.run(step(1), envelope(`n${index}`, { together: new Together() })),
      ),
    );
    expect(outcomes.map((outcome) => (outcome as Receipt).total)).toEqual(heads.map((_, index) => index + 1));
    expect(heads).toEqual(Array(64).fill(0));
    expect(await store.head()).toBe(64);
    expect(await execution.load(counter, 'c1')).toMatchObject({ state: 64, revision: 63 });
  });

  it('P2: the fingerprint tells commands apart and cannot be made without the key', () => {
    class SignUp {
      email = 'a@b.example';
      password = 'a long quiet river 9';
    }
    class SignIn extends SignUp {}
    const ours = new Fingerprints(Buffer.alloc(32, 1));
    const theirs = new Fingerprints(Buffer.alloc(32, 2));
    const fingerprint = ours.of(new SignUp());
    expect(ours.of(Object.assign(new SignUp(), { extra: undefined }))).toBe(fingerprint);
    expect(ours.of(Object.assign(new SignUp(), { password: 'another' }))).not.toBe(fingerprint);
    expect(ours.of(new SignIn())).not.toBe(fingerprint);
    expect(theirs.of(new SignUp())).not.toBe(fingerprint);
    expect(fingerprint).not.toContain('river');
  });
});
