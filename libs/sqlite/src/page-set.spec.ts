import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PageSet } from './page-set.ts';

it('holds the pages of a set and gives them out in order, a few at a time', () => {
  const step = fc.oneof(
    fc.record({ add: fc.oneof(fc.nat(100), fc.nat(300_000)) }),
    fc.record({ take: fc.nat(12) }),
    fc.constant('clear' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const pages = new PageSet();
      const model = new Set<number>();
      for (const one of steps) {
        if (one === 'clear') {
          pages.clear();
          model.clear();
        } else if ('add' in one) {
          pages.add(one.add);
          model.add(one.add);
        } else {
          const lowest = [...model].sort((a, b) => a - b).slice(0, one.take);
          expect(pages.take(one.take)).toEqual(lowest);
          for (const page of lowest) model.delete(page);
        }
        expect(pages.size).toBe(model.size);
      }
    }),
  );
});
