import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anonymous, commandIdFor, idFrom, isRepeatable, namedBeside, namedUuid } from './envelope.ts';

const withoutKey = () => commandIdFor(anonymous, undefined, null);
const idOfAnEvent = () => {
  const commandId = withoutKey();
  return namedUuid(`${commandId}/event`, commandId);
};
const timeOf = (id: string): number => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);

describe('ids', () => {
  it('of a command without a key tell when it was made, and so does all that comes of it', () => {
    const before = Date.now();
    const commandId = withoutKey();
    const eventId = namedUuid(`${commandId}/event`, commandId);
    const followOn = namedUuid(`${eventId}/what follows`, eventId);
    const made = [commandId, eventId, followOn, idFrom(commandId, 'usr').slice(4)];
    for (const id of made) {
      expect(timeOf(id)).toBeGreaterThanOrEqual(before);
      expect(timeOf(id)).toBeLessThanOrEqual(Date.now());
    }
    expect(eventId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('P2: of what is named after somebody tell their time, whoever names it; after somebody whose id tells none, none', () => {
    const timed = idFrom(withoutKey(), 'usr');
    const merge = idFrom(namedBeside(`imp_1/${timed}`, timed), 'mrg');
    const step = namedBeside(`${merge}/start`, merge);
    for (const id of [merge.slice(4), step]) expect(timeOf(id)).toBe(timeOf(timed.slice(4)));
    expect([step[14], isRepeatable(step)]).toEqual(['8', true]);
    expect(namedBeside(`${merge}/end`, merge)).not.toBe(step);
    const untimed = idFrom(namedUuid('a key'), 'usr');
    for (const id of [untimed, 'imp_1', timed])
      expect(namedBeside(`imp_1/${untimed}`, id)).toBe(namedUuid(`imp_1/${untimed}`));
  });

  it('P2: come of names alone, the same of the same and another of another', () => {
    const from = fc.constantFrom('', withoutKey(), namedUuid('a key'), idOfAnEvent());
    fc.assert(
      fc.property(fc.string(), fc.string(), from, (one, other, cause) => {
        expect(namedUuid(one, cause)).toBe(namedUuid(one, cause));
        expect(namedUuid(one, cause) === namedUuid(other, cause)).toBe(one === other);
        expect(namedUuid(one, cause)).toBe(namedUuid(one));
      }),
    );
  });

  it('P2: of a command with a key are what they were before ids told a time', () => {
    const commandId = commandIdFor(anonymous, 'a key', '127.0.0.1');
    expect([commandId, idFrom(commandId, 'inv'), namedUuid(`${commandId}/thing-1/0`, commandId)]).toEqual([
      '27255959-560a-5856-b78a-11f7f8ded136',
      'inv_38f1c0e6033d5f139ea93a9f53985f80',
      '1b6e55cd-4958-56dd-8760-d9ccf41ceb9f',
    ]);
  });

  it('P2: only those that nobody can send again are not looked for', () => {
    const earlier = '8c2f6d0e-1f5b-4d3a-9c77-2f3b8d5e6a10';
    const cause = withoutKey();
    const ids = [cause, earlier, namedUuid('a key'), namedUuid(`${cause}/what follows`, cause)];
    expect(ids.map(isRepeatable)).toEqual([false, false, true, true]);
  });

  it('P2: what is named by no UUID tells no time and can be sent again, whatever stands in its place', () => {
    for (const digit of '0123456789abcdef') {
      const named = `member/usr_6e8${digit}f3c8288`;
      expect(named[14]).toBe(digit);
      expect(namedUuid(`${named}/0`, named)).toBe(namedUuid(`${named}/0`));
      expect(isRepeatable(named)).toBe(true);
    }
  });
});
