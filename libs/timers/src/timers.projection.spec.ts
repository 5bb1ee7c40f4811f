import { describe, expect, it } from '@jest/globals';
import { calledOff, type Event, type Timer } from '#kernel';
import { recordedLog } from '../../../test/support/scripted-log.ts';
import { type TimerView, timersProjection } from './timers.projection.ts';

type Boiled = Event<'Boiled', { pot: string; until: string }> | Event<'Drunk', { pot: string }>;

const cooling = (version = 1): Timer<Boiled> => ({
  kind: 'cooling',
  version,
  command: 'Cool',
  on: {
    Boiled: ({ data: { pot, until } }) => ({
      key: pot,
      dueAt: until,
      organizationId: 'org_1',
      subject: { type: 'pot', id: pot },
      fields: { pot },
      affects: { users: 0 },
    }),
    Drunk: ({ data: { pot } }) => calledOff(pot),
  },
});
const washing: Timer<Boiled> = {
  ...cooling(),
  kind: 'washing',
  on: {
    Drunk: ({ data: { pot } }) => [
      {
        key: `${pot}/inside`,
        dueAt: '2026-01-02T00:00:00.000Z',
        organizationId: null,
        subject: { type: 'pot', id: pot },
        fields: {},
        affects: { users: 0 },
      },
      calledOff(`${pot}/outside`),
    ],
  },
};

const folded = (timers: readonly Timer<Boiled>[], ...events: readonly Boiled[]) => {
  const { on } = timersProjection(timers);
  const recorded = recordedLog();
  const documents = new Map<string, TimerView>();
  for (const event of events) {
    const one = recorded(`pot-${event.data.pot}`, event);
    const keys = on[event.type]?.key(one) ?? [];
    for (const key of typeof keys === 'string' ? [keys] : keys) {
      const next = on[event.type]?.to(documents.get(key), one, key);
      if (next) documents.set(key, next);
      else documents.delete(key);
    }
  }
  return Object.fromEntries(documents);
};
const boiled = (pot: string, until = '2026-01-01T10:00:00.000Z'): Boiled => ({
  type: 'Boiled',
  data: { pot, until },
});

describe('the timers that are set', () => {
  it('an event sets a timer, exactly so', () => {
    expect(folded([cooling()], boiled('p1'))).toEqual({
      'cooling.p1': {
        kind: 'cooling',
        key: 'p1',
        dueAt: '2026-01-01T10:00:00.000Z',
        organizationId: 'org_1',
        subject: { type: 'pot', id: 'p1' },
        fields: { pot: 'p1' },
        affects: { users: 0 },
        announced: true,
        setBy: { id: 'event-1', type: 'Boiled', occurredAt: '2026-01-01T00:00:00.000Z' },
      },
    });
  });

  it('setting it again moves it, and another event calls it off', () => {
    const moved = folded([cooling()], boiled('p1'), boiled('p2'), boiled('p1', '2026-01-01T12:00:00.000Z'));
    expect(moved['cooling.p1']).toMatchObject({
      dueAt: '2026-01-01T12:00:00.000Z',
      setBy: { id: 'event-3' },
    });
    expect(
      Object.keys(folded([cooling()], boiled('p1'), boiled('p2'), { type: 'Drunk', data: { pot: 'p1' } })),
    ).toEqual(['cooling.p2']);
  });

  it('one event may set and call off timers of several kinds', () => {
    const drunk = folded([cooling(), washing], boiled('p1'), { type: 'Drunk', data: { pot: 'p1' } });
    expect(Object.keys(drunk)).toEqual(['washing.p1/inside']);
  });

  it('P19: another timer or another version of one fills the read model anew', () => {
    const versions = [[cooling()], [cooling(2)], [cooling(2), washing]].map(
      (timers) => timersProjection(timers).version,
    );
    expect(versions).toEqual([2, 3, 4]);
  });
});
