import { beforeEach, describe, expect, it } from '@jest/globals';
import { nextPiece, Turns } from './turns.ts';

describe('turns of the event loop', () => {
  let now: number;
  /** Places asked for, in order: each turn of the loop serves those that were there when it began. */
  let places: (() => void)[];
  let turns: Turns;
  let done: string[];

  beforeEach(() => {
    now = 1_000;
    places = [];
    done = [];
    turns = new Turns({
      now: () => now,
      nextTurn: (work) => places.push(work),
      afterwards: async () => undefined,
    });
  });

  const turn = async (): Promise<string[]> => {
    const before = done.length;
    for (const place of places.splice(0)) {
      place();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return done.slice(before);
  };
  const told = async (count: number): Promise<string[][]> => {
    const all: string[][] = [];
    while (all.length < count) all.push(await turn());
    return all;
  };
  const taking = (name: string, milliseconds: number) => () => {
    done.push(name);
    now += milliseconds;
  };
  const pieces = (...names: string[]): void => {
    for (const name of names) turns.piece(taking(name, 0.5));
  };

  it('P16: of the work that can wait one piece is done in a turn, in the order in which it was asked for', async () => {
    pieces('share', 'fold', 'commit');
    expect(await told(4)).toEqual([['share'], ['fold'], ['commit'], []]);
  });

  it('P16: whoever comes goes before the piece that is due in that turn, all who came', async () => {
    pieces('share');
    for (const name of ['first', 'second']) turns.first(taking(name, 1));
    expect(await told(1)).toEqual([['first', 'second', 'share']]);
  });

  it('P16: whoever is heard on and on keeps no piece waiting, and begins once in a turn', async () => {
    const again = (): void => {
      done.push('comer');
      turns.first(again);
    };
    turns.first(again);
    pieces('a', 'b', 'c');
    expect(await told(4)).toEqual([['comer', 'a'], ['comer', 'b'], ['comer', 'c'], ['comer']]);
  });

  it('P16: what a piece leaves to be done waits behind what waits already', async () => {
    turns.piece(() => {
      done.push('fold');
      pieces('fold again');
    });
    pieces('share');
    expect(await told(3)).toEqual([['fold'], ['share'], ['fold again']]);
  });

  it('P16: however long others take, pieces have a fifth of the time that they waited', async () => {
    pieces('a', 'b', 'c', 'd', 'e', 'f');
    turns.first(taking('comer', 2));
    turns.first(taking('comer', 5));
    expect(await turn()).toEqual(['comer', 'comer', 'a', 'b', 'c']);
    turns.first(taking('comer', 2.5));
    expect(await told(2)).toEqual([['comer', 'd'], ['e']]);
  });

  it('P16: a piece is told of that fifth, ten milliseconds at most, and what it leaves to be done is for the next turn', async () => {
    const told: number[] = [];
    const again = (allowed: number): void => {
      told.push(allowed);
      turns.piece(again);
    };
    turns.piece(again);
    turns.first(taking('comer', 9));
    for (let passed = 0; passed < 3; passed += 1) await turn();
    turns.first(taking('comer', 500));
    await turn();
    expect(told).toEqual([1.8, 0, 0, 10]);
  });

  it('P16: a piece is over when what it returned has resolved', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    turns.piece(() => promise);
    pieces('share');
    turns.first(taking('comer', 9));
    expect(await told(2)).toEqual([['comer'], []]);
    resolve();
    await new Promise((next) => setImmediate(next));
    expect(done).toEqual(['comer', 'share']);
  });

  it('long work on this thread goes on when its next piece has its turn', async () => {
    const parts: string[] = [];
    const working = async (name: string): Promise<void> => {
      for (const part of [1, 2]) {
        await nextPiece();
        parts.push(`${name} ${part}`);
      }
    };
    await Promise.all([working('a'), working('b')]);
    expect(parts).toEqual(['a 1', 'b 1', 'a 2', 'b 2']);
  });
});
