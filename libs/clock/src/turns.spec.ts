import { beforeEach, describe, expect, it } from '@jest/globals';
import { nextPiece, Turns } from './turns.ts';

describe('turns of the event loop', () => {
  /** Places asked for, in order: each turn of the loop serves those that were there when it began. */
  let places: (() => void)[];
  let turns: Turns;
  let done: string[];

  beforeEach(() => {
    places = [];
    done = [];
    turns = new Turns((work) => places.push(work));
  });

  const turn = (): string[] => {
    const before = done.length;
    for (const place of places.splice(0)) place();
    return done.slice(before);
  };
  const piece = (name: string, work = () => {}): void =>
    turns.piece(() => {
      done.push(name);
      work();
    });
  const comer = (name: string): void => turns.first(() => done.push(name));

  it('P16: of the work that can wait one piece is done in a turn, in the order in which it was asked for', () => {
    for (const name of ['share', 'fold', 'commit']) piece(name);
    expect([turn(), turn(), turn(), turn()]).toEqual([['share'], ['fold'], ['commit'], []]);
  });

  it('P16: whoever comes goes before the piece that is due in that turn, all who came', () => {
    piece('share');
    comer('first');
    comer('second');
    expect(turn()).toEqual(['first', 'second', 'share']);
  });

  it('P16: what a piece leaves to be done waits behind what waits already', () => {
    piece('fold', () => piece('fold again'));
    piece('share');
    expect([turn(), turn(), turn()]).toEqual([['fold'], ['share'], ['fold again']]);
  });

  it('P16: pieces get their turn however many come', () => {
    for (const name of ['share', 'fold']) piece(name);
    const told = [1, 2, 3].map((n) => {
      comer(`comer ${n}`);
      return turn();
    });
    expect(told).toEqual([['comer 1', 'share'], ['comer 2', 'fold'], ['comer 3']]);
  });

  it('a piece that throws takes no other along', () => {
    turns.piece(() => {
      throw new Error('it was mistaken');
    });
    piece('share');
    expect(() => turn()).toThrow('it was mistaken');
    expect(turn()).toEqual(['share']);
  });

  it('long work on this thread goes on when its next piece has its turn', async () => {
    const told: string[] = [];
    const working = async (name: string): Promise<void> => {
      for (const part of [1, 2]) {
        await nextPiece();
        told.push(`${name} ${part}`);
      }
    };
    await Promise.all([working('a'), working('b')]);
    expect(told).toEqual(['a 1', 'b 1', 'a 2', 'b 2']);
  });
});
