import { describe, expect, it } from '@jest/globals';
import { OneATurn } from './one-a-turn.ts';

/** Turns that come when the test says so. */
const heldTurns = () => {
  let next: (() => void)[] = [];
  const turn = async (): Promise<void> => {
    const now = next;
    next = [];
    for (const work of now) work();
    await Promise.resolve();
  };
  return { nextTurn: (work: () => void) => void next.push(work), turn, idle: () => next.length === 0 };
};

describe('P18: steps that would keep others waiting', () => {
  it('are taken one a turn in the order of asking, none in the turn in which it was asked for', async () => {
    const { nextTurn, turn, idle } = heldTurns();
    const steps = new OneATurn(nextTurn);
    const taken: string[] = [];
    const take = (name: string) => void steps.turn().then(() => taken.push(name));
    take('first');
    take('second');
    const after: string[][] = [];
    for (const asked of [undefined, undefined, 'third', undefined, undefined, undefined]) {
      await turn();
      after.push([...taken]);
      if (asked) take(asked);
    }
    expect(after).toEqual([
      [],
      ['first'],
      ['first', 'second'],
      ['first', 'second'],
      ['first', 'second', 'third'],
      ['first', 'second', 'third'],
    ]);
    expect(idle()).toBe(true);
  });
});
