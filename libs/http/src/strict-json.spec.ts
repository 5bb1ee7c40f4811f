import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { malformed, odd } from '../test/odd-documents.ts';
import { BadJson, parseJson } from './strict-json.ts';

const codeOf = (input: string | Uint8Array): string => {
  try {
    parseJson(Buffer.from(input as string));
    return 'accepted';
  } catch (error) {
    if (error instanceof BadJson) return error.code;
    throw error;
  }
};

describe('P15: strict JSON', () => {
  it('refuses every malformed document as malformed', () => {
    for (const document of malformed)
      expect([document, codeOf(document)]).toEqual([document, 'malformed_json']);
    expect(malformed.length + odd.length).toBeGreaterThanOrEqual(150);
  });

  it.each([
    ['{"a":1,"a":2}', 'duplicate_key'],
    ['{"a":{"b":1},"c":{"b":1}}', 'accepted'],
    ['{"a":"a","b":["a","a"]}', 'accepted'],
    ['{"a":1,"\\u0061":2}', 'duplicate_key'],
    ['{"a\\\\":1,"a\\\\":2}', 'duplicate_key'],
    ['{"a\\"":1,"a":2}', 'accepted'],
    ['{"a":"\\":","b":1}', 'accepted'],
    ['{"a" \t\r\n:1,"a":2}', 'duplicate_key'],
    ['{"":1,"":2}', 'duplicate_key'],
    ['[{"a":1},{"a":1}]', 'accepted'],
    ['{"__proto__":1}', 'forbidden_key'],
    ['{"\\u005F_proto__":1}', 'forbidden_key'],
    ['{"a":{"constructor":1}}', 'forbidden_key'],
    ['[{"prototype":1}]', 'forbidden_key'],
    ['["__proto__","constructor"]', 'accepted'],
    ['{"a":"__proto__"}', 'accepted'],
    ['"\\ud83d\\ude00"', 'accepted'],
    ['"\\ud83d"', 'invalid_unicode'],
    ['{"\\udc00":1}', 'invalid_unicode'],
    ['"\\ude00\\ud83d"', 'invalid_unicode'],
    ['"\\u0000"', 'accepted'],
    [`${'['.repeat(20)}${']'.repeat(20)}`, 'accepted'],
    [`${'['.repeat(21)}${']'.repeat(21)}`, 'too_deep'],
    [`${'{"a":'.repeat(20)}1${'}'.repeat(20)}`, 'accepted'],
    [`${'{"a":'.repeat(21)}1${'}'.repeat(21)}`, 'too_deep'],
    ['["[[[[[[[[[[[[[[[[[[[[[[[[[[","{{{{{{{{{{{{{{{{{{{{{{{{{{"]', 'accepted'],
  ])('%s: %s', (document, code) => {
    expect(codeOf(document)).toBe(code);
  });

  it.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"b":{"c":1,"c":2}}', 'b'],
    ['{"a":1,"__proto__":{}}', '__proto__'],
    ['{"a":[{"b":1},{"constructor":1}]}', 'a'],
    ['{"a":"x","b":"\\ud83d"}', 'b'],
    ['{"a":1,"\\udc00":1}', '\udc00'],
    [`{"a":${'['.repeat(20)}${']'.repeat(20)}}`, 'a'],
    ['"\\ud83d"', undefined],
    [`${'['.repeat(21)}${']'.repeat(21)}`, undefined],
    ['{"a":', undefined],
  ])('names the outermost field of %s: %s', (document, field) => {
    expect(() => parseJson(Buffer.from(document))).toThrow(expect.objectContaining({ field }));
  });

  it('does not overflow at a depth of 1,000,000', () => {
    expect(codeOf('['.repeat(1_000_000) + ']'.repeat(1_000_000))).toBe('too_deep');
    expect(codeOf('['.repeat(1_000_000))).toBe('malformed_json');
    expect(codeOf(`${'{"a":'.repeat(1_000_000)}1${'}'.repeat(1_000_000)}`)).toBe('too_deep');
  });

  it('accepts what JSON.stringify writes, and reads it alike', () => {
    const key = fc
      .string({ unit: 'grapheme' })
      .filter((name) => !['__proto__', 'constructor', 'prototype'].includes(name));
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        fc.string({ unit: 'grapheme' }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
    })).value;
    fc.assert(
      fc.property(value, fc.constantFrom(0, 2), (given, indent) => {
        const text = JSON.stringify(given, null, indent);
        expect(parseJson(Buffer.from(text))).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  it('is linear: a quarter of a megabyte of the worst kinds takes well under a second each', () => {
    for (const document of odd.filter(({ length }) => length > 10_000)) {
      const begin = performance.now();
      codeOf(document);
      expect(performance.now() - begin).toBeLessThan(500);
    }
  });
});
