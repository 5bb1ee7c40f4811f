import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Waiting } from '#clock';
import type { Outcome } from '#commands';
import { StoreUnavailable } from '#event-store';
import { calledOff, type Event, type FollowOn, isRefusal, refuse, type Timer } from '#kernel';
import { Projector, ReadModelBehind, ReadModels } from '#read-models';
import { type Scratch, scratchDocuments } from '../../../test/support/scratch-documents.ts';
import { recordedLog, ScriptedLog } from '../../../test/support/scripted-log.ts';
import { SharedLease } from './lease.ts';
import { ParkedTimers } from './parked-timers.ts';
import { type TimerOptions, TimerRunner } from './timer-runner.ts';
import { timersProjection } from './timers.projection.ts';

type TestEvent =
  | Event<'Set', { key: string; kind: string; dueAt: string; subject: string }>
  | Event<'Rung', { key: string; kind: string }>;

const timerOf = (kind: string): Timer<TestEvent> => ({
  kind,
  version: 1,
  command: `Ring-${kind}`,
  on: {
    Set: ({ data }) =>
      data.kind === kind
        ? {
            key: data.key,
            dueAt: data.dueAt,
            organizationId: 'org_1',
            subject: { type: 'bell', id: data.subject },
            fields: { key: data.key, kind },
            affects: { users: 0 },
          }
        : [],
    Rung: ({ data }) => (data.kind === kind ? calledOff(data.key) : []),
  },
});
const timers = [timerOf('alarm'), timerOf('chime')];
const hour = (n: number) => new Date(Date.parse('2026-01-01T00:00:00.000Z') + n * 3_600_000).toISOString();

interface Issued {
  readonly command: string;
  readonly key: string;
  readonly name: string;
  readonly cause: string;
}

describe('firing timers', () => {
  let scratch: Scratch;
  let log: ReturnType<typeof ScriptedLog.store>;
  let recorded: ReturnType<typeof recordedLog>;
  let now: number;
  let projector: Projector;
  let readModels: ReadModels;
  const runners: TimerRunner[] = [];
  const happened = new Waiting();

  beforeEach(async () => {
    scratch = await scratchDocuments();
    recorded = recordedLog();
    log = ScriptedLog.store([]);
    now = Date.parse(hour(0));
    const projections = [timersProjection(timers)];
    projector = new Projector(log, scratch.store, projections, {
      progressed: () => {},
      quarantined: () => {},
      interrupted: () => {},
    });
    await projector.start();
    readModels = new ReadModels(scratch.store, projector, projections);
  });
  afterEach(async () => {
    for (const runner of runners.splice(0)) await runner.stop();
    await projector.stop();
    await scratch.close();
  });

  const set = (key: string, dueAt: string, { kind = 'alarm', subject = key } = {}): void =>
    log.push(recorded(`bell-${subject}`, { type: 'Set', data: { key, kind, dueAt, subject } }));
  const rung = (key: string, kind = 'alarm'): Outcome => {
    const event = recorded(`bell-${key}`, { type: 'Rung', data: { key, kind } });
    log.push(event);
    return {
      id: key,
      stream: event.stream,
      revision: event.revision,
      position: String(event.position),
      events: [{ id: event.id, type: event.type }],
    } as unknown as Outcome;
  };

  /** Rings whatever is asked for, unless told otherwise; issuing the same name again has no effect. */
  const runner = (
    answer: (issued: Issued) => Outcome | undefined | Promise<Outcome | undefined> = () => undefined,
    {
      parallel,
      perSecond,
      shown = readModels,
    }: Partial<Pick<TimerOptions, 'parallel' | 'perSecond'>> & { shown?: TimerOptions['readModels'] } = {},
  ) => {
    const issued: Issued[] = [];
    const interruptions: Error[] = [];
    const answered = new Map<string, Outcome>();
    const made = new TimerRunner({
      readModels: shown,
      log,
      timers,
      parked: new ParkedTimers(scratch.store),
      lease: new SharedLease(scratch.store, 'timers'),
      clock: { now: () => now },
      commands: {
        issue: async ({ command, fields }: Pick<FollowOn, 'command' | 'fields'>, name, cause) => {
          const { key, kind } = fields as { key: string; kind: string };
          const one = { command, key, name, cause };
          issued.push(one);
          const outcome = (await answer(one)) ?? answered.get(name) ?? rung(key, kind);
          if (!isRefusal(outcome)) answered.set(name, outcome);
          happened.wake();
          return outcome;
        },
      },
      observer: {
        parked: () => happened.wake(),
        interrupted: (error) => {
          interruptions.push(error);
          happened.wake();
        },
      },
      pollMs: 1,
      parallel,
      perSecond,
    });
    runners.push(made);
    return { runner: made, issued, interruptions };
  };
  const when = async (isSo: () => boolean): Promise<void> =>
    expect(await happened.until(isSo, new AbortController().signal, 5_000)).toBe(true);

  it('what is due fires, soonest first, because of the event that set it; what is due later does not', async () => {
    set('b', hour(2));
    set('a', hour(1));
    set('c', hour(3));
    now = Date.parse(hour(2));
    const { runner: one, issued } = runner();
    await projector.waitFor(3, 1_000);
    await one.fireDue();
    expect(issued).toEqual([
      { command: 'Ring-alarm', key: 'a', name: 'timer.alarm.a.event-2', cause: 'event-2' },
      { command: 'Ring-alarm', key: 'b', name: 'timer.alarm.b.event-1', cause: 'event-1' },
    ]);
    expect(await one.nextDueAt(hour(10))).toBe(hour(3));
    expect(await one.nextDueAt(hour(2))).toBeUndefined();
  });

  it('due time, not the time of looking, decides: one millisecond before, nothing happens', async () => {
    set('a', hour(1));
    await projector.waitFor(1, 1_000);
    const { runner: one, issued } = runner();
    now = Date.parse(hour(1)) - 1;
    await one.fireDue();
    expect(issued).toEqual([]);
    now += 1;
    await one.fireDue();
    expect(issued).toHaveLength(1);
  });

  it('looks by itself, under the lease: of two workers one fires', async () => {
    for (let n = 0; n < 20; n += 1) set(`k${n}`, hour(1));
    await projector.waitFor(20, 1_000);
    const [first, second] = [runner(), runner()];
    now = Date.parse(hour(1));
    first.runner.start();
    second.runner.start();
    await when(() => first.issued.length + second.issued.length >= 20);
    expect(Math.min(first.issued.length, second.issued.length)).toBe(0);
  });

  it('while the read model is being built from the log it waits, and that is no trouble', async () => {
    set('a', hour(1));
    await projector.waitFor(1, 1_000);
    now = Date.parse(hour(1));
    const behind = (): never => {
      throw new ReadModelBehind('the read model timers is being built');
    };
    let looks = 0;
    const shown: TimerOptions['readModels'] = {
      pages: (...asked) => readModels.pages(...asked),
      reach: async (...asked) => (++looks <= 2 ? behind() : readModels.reach(...asked)),
      get: async (...asked) => (looks <= 4 ? behind() : readModels.get(...asked)),
    };
    const { runner: one, issued, interruptions } = runner(undefined, { shown });
    one.start();
    await when(() => issued.length === 1);
    await one.stop();
    expect(looks).toBeGreaterThan(4);
    expect(interruptions).toEqual([]);
  });

  it('timers of one subject fire one after the other, each seeing what the one before did', async () => {
    set('first', hour(1), { subject: 'same' });
    set('second', hour(2), { subject: 'same', kind: 'chime' });
    await projector.waitFor(2, 1_000);
    now = Date.parse(hour(3));
    const { runner: one, issued } = runner(({ key }) => {
      // What the first one does calls the second one off.
      if (key === 'first') rung('second', 'chime');
      return undefined;
    });
    await one.fireDue();
    expect(issued.map(({ key }) => key)).toEqual(['first']);
  });

  it('no more than the bound are under way at once', async () => {
    for (let n = 0; n < 30; n += 1) set(`k${n}`, hour(1));
    await projector.waitFor(30, 1_000);
    now = Date.parse(hour(1));
    let under = 0;
    let most = 0;
    const { runner: one, issued } = runner(
      async () => {
        under += 1;
        most = Math.max(most, under);
        await new Promise((resume) => setImmediate(resume));
        under -= 1;
        return undefined;
      },
      { parallel: 4 },
    );
    await one.fireDue();
    expect(issued).toHaveLength(30);
    expect(most).toBe(4);
  });

  it('what is due at once is spread: no faster than the pace', async () => {
    for (let n = 0; n < 40; n += 1) set(`k${n}`, hour(1));
    await projector.waitFor(40, 1_000);
    now = Date.parse(hour(1));
    const { runner: one, issued } = runner(undefined, { perSecond: 200 });
    const began = performance.now();
    one.start();
    await when(() => issued.length === 40);
    expect(performance.now() - began).toBeGreaterThan(140);
  });

  it('a refused one is parked where it can be seen, does not fire again by itself, and can be tried again', async () => {
    set('a', hour(1));
    await projector.waitFor(1, 1_000);
    now = Date.parse(hour(1));
    let refusing = true;
    const { runner: one, issued } = runner(() =>
      refusing ? refuse('conflict', 'bell_broken', 'It is broken.') : undefined,
    );
    await one.fireDue();
    await one.fireDue();
    expect(issued).toHaveLength(1);
    const [parked] = await one.parked();
    expect(parked).toMatchObject({
      _id: 'timer.alarm.a.event-1',
      command: 'Ring-alarm',
      resource: { type: 'bell', id: 'a' },
      dueAt: hour(1),
      code: 'bell_broken',
    });
    expect(await one.nextDueAt(hour(9))).toBeUndefined();
    expect(await one.retry('timer.alarm.a.event-1')).toBe(false);
    refusing = false;
    expect(await one.retry('timer.alarm.a.event-1')).toBe(true);
    expect(await one.countParked()).toBe(0);
    expect(await one.retry('timer.alarm.a.event-1')).toBeUndefined();
  });

  it('however many are parked, none of them is due', async () => {
    const store = new ParkedTimers(scratch.store);
    for (let n = 0; n < 1_100; n += 1) {
      const event = recorded(`bell-${n}`, {
        type: 'Set',
        data: { key: `k${n}`, kind: 'alarm', dueAt: hour(1), subject: `k${n}` },
      });
      log.push(event);
      const [resource, timerId] = [{ type: 'bell', id: `k${n}` }, `alarm.k${n}`];
      const refusal = { code: 'not_now', detail: 'Not now.', dueAt: hour(1), parkedAt: hour(1) };
      const id = `timer.${timerId}.${event.id}`;
      await store.put({ _id: id, timerId, setBy: event.id, command: 'Ring-alarm', resource, ...refusal });
    }
    await readModels.reach(await log.head());
    expect(await runner().runner.nextDueAt(hour(2))).toBeUndefined();
  });

  it('one whose command did nothing is parked, not fired for ever', async () => {
    set('a', hour(1));
    await projector.waitFor(1, 1_000);
    now = Date.parse(hour(1));
    const { runner: one, issued } = runner(() => ({ done: true }));
    await one.fireDue();
    await one.fireDue();
    expect(issued).toHaveLength(1);
    expect(await one.parked()).toMatchObject([{ code: 'timer_without_effect' }]);
  });

  it('one that was refused because it had been called off meanwhile alarms nobody', async () => {
    set('a', hour(1));
    await projector.waitFor(1, 1_000);
    now = Date.parse(hour(1));
    const { runner: one } = runner(() => {
      rung('a');
      return refuse('missing', 'not_found', 'Gone.');
    });
    await one.fireDue();
    expect(await one.countParked()).toBe(0);
  });

  it('one that is no longer due, because the clock was set back, is not parked and fires when it is due again', async () => {
    set('a', hour(1));
    await projector.waitFor(1, 1_000);
    now = Date.parse(hour(1));
    const { runner: one, issued } = runner(({ key }) => {
      if (issued.length > 1) return undefined;
      now = Date.parse(hour(0));
      return refuse('conflict', 'too_early', `${key} is not due.`);
    });
    await one.fireDue();
    expect(await one.countParked()).toBe(0);
    now = Date.parse(hour(1));
    await one.fireDue();
    expect(await one.nextDueAt(hour(9))).toBeUndefined();
  });

  it('a parked one that is set anew fires again', async () => {
    set('a', hour(1));
    await projector.waitFor(1, 1_000);
    now = Date.parse(hour(5));
    const { runner: one, issued } = runner(({ cause }) =>
      cause === 'event-1' ? refuse('conflict', 'bell_broken', 'It is broken.') : undefined,
    );
    await one.fireDue();
    set('a', hour(2));
    await projector.waitFor(2, 1_000);
    await one.fireDue();
    expect(issued.map(({ cause }) => cause)).toEqual(['event-1', 'event-2']);
    expect(await one.countParked()).toBe(0);
  });

  it('while a store is away it waits and tries again, and nothing is parked', async () => {
    set('a', hour(1));
    await projector.waitFor(1, 1_000);
    now = Date.parse(hour(1));
    let outages = 3;
    const { runner: one, issued } = runner(() => {
      outages -= 1;
      if (outages >= 0) throw new StoreUnavailable('away');
      return undefined;
    });
    one.start();
    await when(() => issued.length === 4);
    await one.stop();
    expect(await one.countParked()).toBe(0);
    expect(await one.nextDueAt(hour(9))).toBeUndefined();
  });

  it('what fails here three times is parked; the others go on', async () => {
    set('broken', hour(1));
    set('fine', hour(2));
    await projector.waitFor(2, 1_000);
    now = Date.parse(hour(2));
    const { runner: one, issued } = runner(({ key }) => {
      if (key === 'broken') throw new TypeError('a bug');
      return undefined;
    });
    await one.fireDue();
    expect(issued.filter(({ key }) => key === 'broken')).toHaveLength(3);
    expect(issued.filter(({ key }) => key === 'fine')).toHaveLength(1);
    expect(await one.parked()).toMatchObject([{ timerId: 'alarm.broken', code: 'internal_error' }]);
  });
});
