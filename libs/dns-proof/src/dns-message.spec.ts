import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeMessage, encodeQuery } from './dns-message.ts';

const decoded = (bytes: Buffer): 'message' | 'refused' => {
  try {
    decodeMessage(bytes);
    return 'message';
  } catch (error) {
    expect(error).toHaveProperty('name', 'RangeError');
    return 'refused';
  }
};

/** Header for one answer, the question `a.test TXT IN`, and the answer's bytes. */
const response = (...answer: number[]): Buffer => {
  const query = encodeQuery(7, 'a.test', 'TXT');
  query.writeUInt16BE(0x8180, 2);
  query.writeUInt16BE(1, 6);
  return Buffer.concat([query, Buffer.from(answer)]);
};
const txt = [0, 16, 0, 1, 0, 0, 0, 60];

describe('P11: DNS messages', () => {
  it('joins the strings of one record', () => {
    const message = decodeMessage(response(0xc0, 12, ...txt, 0, 6, 2, 97, 98, 0, 1, 99));
    expect(message).toMatchObject({ id: 7, code: 0, isResponse: true, question: 'a.test 16 1' });
    expect(message.answers).toEqual([{ name: 'a.test', type: 'TXT', value: 'abc' }]);
  });

  it('a dot inside a label is not a dot between labels', () => {
    const message = decodeMessage(response(3, 97, 46, 98, 0, ...txt, 0, 1, 0));
    expect(message.answers[0]?.name).toBe('a\\.b');
  });

  it.each([
    ['a pointer to itself', [0xc0, 24]],
    ['a pointer ahead', [0xff, 0xff]],
    ['two pointers in a circle', [1, 97, 0xc0, 24]],
    ['a label over the end', [63, 97]],
    ['a reserved label kind', [0x80, 1, 0]],
    ['a record without its end', [0xc0, 12, ...txt, 0, 200, 1, 97]],
    ['a string over the end of its record', [0xc0, 12, ...txt, 0, 2, 9, 97]],
    ['nothing', []],
  ])('%s is no message', (_name, answer) => expect(decoded(response(...answer))).toBe('refused'));

  it('any bytes are a message or a RangeError, at once', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 600 }), (bytes) => {
        decoded(Buffer.from(bytes));
      }),
      { numRuns: 3000 },
    );
  });

  it('a spoilt message is a message or a RangeError, at once', () => {
    const whole = response(0xc0, 12, ...txt, 0, 6, 2, 97, 98, 0, 1, 99);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
        const spoilt = Buffer.from(whole);
        spoilt[at] = value;
        decoded(spoilt);
      }),
      { numRuns: 3000 },
    );
  });
});
