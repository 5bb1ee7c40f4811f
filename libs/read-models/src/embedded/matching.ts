import type { Scalar } from '#kernel';
import { UnsupportedQuery } from '../port.ts';
import type { Condition, SortField, Test } from '../subset.ts';
import { compareValues, type Json, valuesAt } from './values.ts';

/** Does a document satisfy a filter, as MongoDB answers it? */
export const matches = (condition: Condition, document: Json): boolean => {
  switch (condition.kind) {
    case 'all':
      return condition.of.every((part) => matches(part, document));
    case 'any':
      return condition.of.some((part) => matches(part, document));
    case 'not':
      return !matches(condition.of, document);
    case 'test':
      return satisfies(condition, document);
  }
};

const satisfies = (test: Test, document: Json): boolean => {
  const { values, missing } = valuesAt(document, test.path.split('.'));
  if (test.op === 'exists') return values.length > 0 === test.value;
  const some = (question: (value: unknown) => boolean): boolean =>
    values.some((value) => (Array.isArray(value) ? value.some(question) : question(value)));
  switch (test.op) {
    case 'eq': {
      const wanted = test.value;
      return (missing && wanted === null) || some((value) => value === wanted);
    }
    case 'in':
      return (
        (missing && test.values.includes(null)) || some((value) => test.values.includes(value as Scalar))
      );
    case 'prefix':
      return some((value) => typeof value === 'string' && value.startsWith(test.value));
    default: {
      const { op, value: bound } = test;
      return some((value) => typeof value === typeof bound && inOrder(op, value, bound));
    }
  }
};

const inOrder = (op: 'gt' | 'gte' | 'lt' | 'lte', value: unknown, bound: Scalar): boolean => {
  if (value === null) return false;
  const order = compareValues(value, bound);
  switch (op) {
    case 'gt':
      return order > 0;
    case 'gte':
      return order >= 0;
    case 'lt':
      return order < 0;
    case 'lte':
      return order <= 0;
  }
};

/** @throws UnsupportedQuery when a document has an array there. */
export const sorter = (sort: readonly SortField[]) => {
  const fields = sort.map(([path, direction]) => ({ path, segments: path.split('.'), direction }));
  const keyed = (document: Json) =>
    fields.map(({ path, segments }) => {
      const { values } = valuesAt(document, segments);
      if (values.length > 1 || Array.isArray(values[0]))
        throw new UnsupportedQuery(`${path} holds an array and cannot be sorted by`);
      return values[0];
    });
  return <T extends Json>(documents: readonly T[]): T[] =>
    documents
      .map((document) => ({ document, key: keyed(document) }))
      .sort((a, b) => {
        for (const [at, { direction }] of fields.entries()) {
          const order = compareValues(a.key[at], b.key[at]);
          if (order !== 0) return order * direction;
        }
        return 0;
      })
      .map(({ document }) => document);
};
