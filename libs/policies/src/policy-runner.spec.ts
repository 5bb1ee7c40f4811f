import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome } from '#commands';
import { StoreUnavailable } from '#event-store';
import { type Event, type FollowOn, type Policy, type RecordedEvent, refuse } from '#kernel';
import { type Scratch, scratchDocuments } from '../../../test/support/scratch-documents.ts';
import { recordedLog, ScriptedLog } from '../../../test/support/scripted-log.ts';
import { PolicyRunner } from './policy-runner.ts';

const ask = (command: string, more: Partial<FollowOn> = {}): FollowOn => ({
  command,
  fields: {},
  resource: { type: 'thing', id: 't1' },
  ...more,
});

const policy: Policy<Event> = {
  name: 'when-started-do',
  on: {
    Started: () => [ask('First'), ask('Second')],
    Tried: () => [ask('Main', { otherwise: ask('Otherwise') })],
  },
};
const clock = { now: () => Date.parse('2026-01-01T00:00:00.000Z') };

interface Issued {
  readonly command: string;
  readonly fields: object;
  readonly cause: string;
  readonly index: number;
}

describe('policies', () => {
  let scratch: Scratch;
  let recorded: ReturnType<typeof recordedLog>;
  const runners: PolicyRunner[] = [];

  beforeEach(async () => {
    scratch = await scratchDocuments();
    recorded = recordedLog();
  });
  afterEach(async () => {
    for (const runner of runners.splice(0)) await runner.stop();
    await scratch.close();
  });

  const started = async (
    log: ReturnType<typeof ScriptedLog.store>,
    answer: (issued: Issued) => Outcome | Promise<Outcome> = () => ({ done: true }),
    policies: readonly Policy<Event>[] = [policy],
    lastOf: () => Promise<number | undefined> = async () => 0,
  ) => {
    const issued: Issued[] = [];
    const runner = new PolicyRunner(
      log,
      scratch.store,
      clock,
      policies,
      { parked: () => {}, interrupted: () => {} },
      { watched: false, lastOf },
    );
    runner.issueThrough({
      follow: async (followOn: FollowOn, cause: RecordedEvent, _policy: string, index: number) => {
        const one = { command: followOn.command, fields: followOn.fields, cause: cause.id, index };
        issued.push(one);
        return answer(one);
      },
    });
    runners.push(runner);
    await runner.start();
    return { runner, issued };
  };
  const settled = async (runner: PolicyRunner, position: number) =>
    expect(await runner.settle(position, 'cor_1')).toMatchObject({ settled: true });
  const start = () => recorded('thing-1', { type: 'Started', data: {} });

  it('what happened is reacted to in order, once, and not again after a restart', async () => {
    const log = ScriptedLog.store([start(), recorded('thing-1', { type: 'Other', data: {} })]);
    const first = await started(log);
    await settled(first.runner, 2);
    expect(first.issued.map(({ command }) => command)).toEqual(['First', 'Second']);
    await first.runner.stop();
    const second = await started(log);
    log.push(start());
    await settled(second.runner, 3);
    expect(second.issued.map(({ command, cause }) => [command, cause])).toEqual([
      ['First', 'event-3'],
      ['Second', 'event-3'],
    ]);
  });

  it('a policy that comes with a later release reacts from where the others stand, not to what was before it', async () => {
    const log = ScriptedLog.store([start(), start()]);
    const before = await started(log);
    await settled(before.runner, 2);
    await before.runner.stop();
    const late: Policy<Event> = { name: 'when-started-tell', on: { Started: () => [ask('Tell')] } };
    const after = await started(log, undefined, [policy, late]);
    log.push(start());
    await settled(after.runner, 3);
    expect(after.issued.map(({ command, cause }) => [command, cause])).toEqual([
      ['First', 'event-3'],
      ['Second', 'event-3'],
      ['Tell', 'event-3'],
    ]);
  });

  it('at least once: a store that is away is asked again from the same event, and nothing is skipped or parked', async () => {
    let away = 2;
    const log = ScriptedLog.store([start()]);
    const { runner, issued } = await started(log, ({ command }) => {
      if (command === 'Second' && away-- > 0) throw new StoreUnavailable('away');
      return { done: true };
    });
    await settled(runner, 1);
    expect(issued.map(({ command }) => command)).toEqual([
      'First',
      'Second',
      'First',
      'Second',
      'First',
      'Second',
    ]);
    expect(new Set(issued.map(({ cause, index }) => `${cause}/${index}`)).size).toBe(2);
    expect(await runner.countParked()).toBe(0);
  });

  it('the same command for different things goes side by side, a few at once; what comes after waits for them', async () => {
    const part = (id: string) => ask('Part', { resource: { type: 'account', id }, fields: { id } });
    const many = Array.from({ length: 40 }, (_, index) => part(`a${index}`));
    const leaving: Policy<Event> = {
      name: 'when-started-part',
      on: { Started: () => [part('b1'), part('b2'), part('b1'), ask('Settle'), ...many] },
    };
    const log: string[] = [];
    let under = 0;
    let most = 0;
    const { runner } = await started(
      ScriptedLog.store([start()]),
      async ({ command, fields }) => {
        const name = (fields as { id?: string }).id ?? command;
        log.push(`${name} begins`);
        most = Math.max(most, ++under);
        await nextTurn();
        under -= 1;
        log.push(`${name} ends`);
        return { done: true };
      },
      [leaving],
    );
    await settled(runner, 1);
    expect(log.slice(0, 8)).toEqual([
      'b1 begins',
      'b2 begins',
      'b1 ends',
      'b2 ends',
      'b1 begins',
      'b1 ends',
      'Settle begins',
      'Settle ends',
    ]);
    expect([most, log.length]).toEqual([16, 88]);
  });

  it('of what goes side by side everything has ended before a store that is away is asked again', async () => {
    let away = true;
    const log: string[] = [];
    const both: Policy<Event> = {
      name: 'when-started-do-both',
      on: {
        Started: () =>
          ['t1', 't2'].map((id) => ask('Do', { resource: { type: 'thing', id }, fields: { id } })),
      },
    };
    const { runner } = await started(
      ScriptedLog.store([start()]),
      async ({ fields }) => {
        const { id } = fields as { id: string };
        log.push(`${id} begins`);
        if (id === 't1' && away) {
          away = false;
          throw new StoreUnavailable('away');
        }
        for (let turn = 0; turn < 5; turn += 1) await nextTurn();
        log.push(`${id} ends`);
        return { done: true };
      },
      [both],
    );
    await settled(runner, 1);
    expect(log).toEqual([
      't1 begins',
      't2 begins',
      't2 ends',
      't1 begins',
      't2 begins',
      't1 ends',
      't2 ends',
    ]);
  });

  it('what a rule refuses is parked and visible, the rest goes on, and it can be tried again', async () => {
    let refusing = true;
    const log = ScriptedLog.store([start()]);
    const { runner, issued } = await started(log, ({ command }) =>
      command === 'First' && refusing ? refuse('conflict', 'not_now', 'Not now.') : { done: true },
    );
    await settled(runner, 1);
    expect(issued.map(({ command }) => command)).toEqual(['First', 'Second']);
    const [parked, ...others] = await runner.parked();
    expect(others).toEqual([]);
    expect(parked).toEqual({
      _id: 'event-1.when-started-do.0',
      policy: 'when-started-do',
      command: 'First',
      resource: { type: 'thing', id: 't1' },
      stream: 'thing-1',
      revision: 0,
      position: 1,
      index: 0,
      code: 'not_now',
      detail: 'Not now.',
      parkedAt: '2026-01-01T00:00:00.000Z',
    });
    const id = parked?._id as string;
    expect(await runner.retry(id)).toBe(false);
    expect(await runner.countParked()).toBe(1);
    refusing = false;
    expect(await runner.retry(id)).toBe(true);
    expect([await runner.countParked(), await runner.retry(id)]).toEqual([0, undefined]);
  });

  it('what an earlier release parked is found by what it asks for; what no longer is asked for stays parked', async () => {
    const log = ScriptedLog.store([start()]);
    const before = await started(log, ({ command }) =>
      command === 'Third' ? { done: true } : refuse('conflict', 'not_now', 'Not now.'),
    );
    await settled(before.runner, 1);
    const [first, second] = (await before.runner.parked()).map(({ _id }) => _id) as [string, string];
    await before.runner.stop();
    const later: Policy<Event> = {
      ...policy,
      on: { Started: () => [ask('Third'), ask('Fourth'), ask('First')] },
    };
    const { runner, issued } = await started(log, undefined, [later]);
    expect([await runner.retry(first), await runner.retry(second)]).toEqual([true, false]);
    expect(issued.map(({ command, index }) => [command, index])).toEqual([['First', 2]]);
    expect((await runner.parked()).map(({ command }) => command)).toEqual(['Second']);
  });

  it('rules.md 2.5: refused, the command named as otherwise is issued with the reason, and nothing is parked', async () => {
    const log = ScriptedLog.store([recorded('thing-1', { type: 'Tried', data: {} })]);
    const { runner, issued } = await started(log, ({ command }) =>
      command === 'Main' ? refuse('conflict', 'elsewhere', 'Elsewhere.') : { done: true },
    );
    await settled(runner, 1);
    expect(issued.map(({ command, fields }) => [command, fields])).toEqual([
      ['Main', {}],
      ['Otherwise', { reason: 'elsewhere' }],
    ]);
    expect(await runner.countParked()).toBe(0);
  });

  it('a command that fails for good is parked after three attempts and holds nobody up', async () => {
    const log = ScriptedLog.store([start()]);
    const { runner, issued } = await started(log, ({ command }) => {
      if (command === 'First') throw new TypeError('a bug');
      return { done: true };
    });
    await settled(runner, 1);
    expect(issued.map(({ command }) => command)).toEqual(['First', 'First', 'First', 'Second']);
    expect(await runner.parked()).toMatchObject([{ command: 'First', code: 'internal_error' }]);
  });

  it('settling answers the position of the last effect', async () => {
    const log = ScriptedLog.store([start()]);
    const { runner } = await started(log, ({ command }) => {
      const effect = recorded('thing-2', { type: 'Other', data: {} });
      log.push(effect);
      return {
        id: 't',
        stream: 'thing-2',
        revision: 0,
        position: String(effect.position),
        events: [],
        command,
      };
    });
    expect(await runner.settle(1, 'cor_1')).toEqual({ position: 3, settled: true });
  });

  it('whoever waits for what follows from one command does not wait for what follows from another beside it', async () => {
    const slow = Promise.withResolvers<Outcome>();
    const of = (correlationId: string): RecordedEvent => {
      const event = start();
      return { ...event, metadata: { ...event.metadata, correlationId } };
    };
    const { runner, issued } = await started(ScriptedLog.store([of('cor_1'), of('cor_2')]), ({ cause }) =>
      cause === 'event-1' ? slow.promise : { done: true },
    );
    expect(await runner.settle(2, 'cor_2')).toEqual({ position: 2, settled: true });
    expect(issued.map(({ command, cause }) => [command, cause])).toEqual([
      ['First', 'event-1'],
      ['First', 'event-2'],
      ['Second', 'event-2'],
    ]);
    const settling = runner.settle(1, 'cor_1');
    slow.resolve({ done: true });
    expect(await settling).toEqual({ position: 1, settled: true });
    expect(issued).toHaveLength(4);
  });

  it('while it is not known what has followed already, it is not settled', async () => {
    const known = [undefined, 2];
    const { runner } = await started(
      ScriptedLog.store([start(), start()]),
      () => ({ done: true }),
      [],
      async () => known.shift(),
    );
    expect(await runner.settle(1, 'cor_elsewhere')).toEqual({ position: 1, settled: false });
    expect(await runner.settle(2, 'cor_elsewhere')).toEqual({ position: 2, settled: true });
  });

  it('a dry run foresees what would be issued', async () => {
    const { runner, issued } = await started(ScriptedLog.store([]));
    expect(runner.foresee([{ type: 'Started', data: {} }])).toEqual([
      { command: 'First', resource: { type: 'thing', id: 't1' } },
      { command: 'Second', resource: { type: 'thing', id: 't1' } },
    ]);
    expect(issued).toEqual([]);
  });

  it('an answer waits for what follows from its events, not for policies that ask for nothing or that nobody waits for', async () => {
    const some: Policy<Event> = {
      name: 'when-some-are-started-do',
      on: { Started: ({ data }) => ((data as { asks?: true }).asks ? [ask('Some')] : []) },
    };
    const mail: Policy<Event> = { name: 'mail', awaited: false, on: { Started: () => [ask('Mail')] } };
    const broken: Policy<Event> = {
      name: 'broken',
      on: {
        Broken: () => {
          throw new Error('a bug');
        },
      },
    };
    const { runner } = await started(ScriptedLog.store([]), undefined, [some, mail, broken]);
    expect(runner.awaits([{ type: 'Started', data: {} }])).toBe(false);
    expect(runner.awaits([{ type: 'Other', data: {} }])).toBe(false);
    expect(
      runner.awaits([
        { type: 'Other', data: {} },
        { type: 'Started', data: { asks: true } },
      ]),
    ).toBe(true);
    expect(runner.awaits([{ type: 'Broken', data: {} }])).toBe(true);
  });
});
