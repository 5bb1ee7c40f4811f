import { describe, expect, it } from '@jest/globals';
import { RecentlyUsed } from './index.ts';

describe('a cache of bounded size', () => {
  it('keeps what was used last and never more than its limit', () => {
    const cache = new RecentlyUsed<number, string>(100);
    cache.set(0, 'kept');
    for (let key = 1; key <= 10_000; key += 1) {
      cache.set(key, String(key));
      expect(cache.get(0)).toBe('kept');
    }
    const held = Array.from({ length: 10_001 }, (_, key) => key).filter((key) => cache.has(key));
    expect(held.length).toBeLessThanOrEqual(102);
    expect(cache.get(10_000)).toBe('10000');
    expect(cache.get(1)).toBeUndefined();
  });

  it('forgets what is deleted in both generations, and answers the newest value', () => {
    const cache = new RecentlyUsed<string, number>(2);
    cache.set('a', 1);
    cache.set('b', 2);
    cache.set('a', 3);
    expect(cache.get('a')).toBe(3);
    cache.delete('a');
    expect(cache.get('a')).toBeUndefined();
    cache.set('c', 4);
    cache.deleteWhere((value) => value > 1);
    expect([cache.get('b'), cache.get('c')]).toEqual([undefined, undefined]);
  });

  it('refuses a limit that holds nothing', () => {
    expect(() => new RecentlyUsed(0)).toThrow(RangeError);
  });
});
