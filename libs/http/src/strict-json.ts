export type BadJsonCode =
  | 'malformed_json'
  | 'duplicate_key'
  | 'forbidden_key'
  | 'too_deep'
  | 'invalid_unicode';

const details: Record<BadJsonCode, string> = {
  malformed_json: 'The body is not well-formed JSON in UTF-8.',
  duplicate_key: 'The body names the same key twice in one object.',
  forbidden_key: 'The body uses a key that is never allowed.',
  too_deep: 'The body is nested more than 20 levels deep.',
  invalid_unicode: 'The body holds text that is not well-formed Unicode.',
};

/** The message is safe to show: it repeats nothing of the input. */
export class BadJson extends Error {
  override readonly name = 'BadJson';
  readonly code: BadJsonCode;
  /** The outermost field in which it is, where there is one. */
  readonly field: string | undefined;
  constructor(code: BadJsonCode, field?: string) {
    super(details[code]);
    this.code = code;
    this.field = field;
  }
}

const maximumDepth = 20;
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const colon = 0x3a;

/**
 * RFC 8259 in strict UTF-8 without a byte order mark; names unique in an object, at most 20 levels, no key that
 * reaches a prototype, no lone surrogate (P15). Linear in the input. @throws BadJson
 */
export const parseJson = (bytes: Uint8Array): unknown => {
  const text = decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadJson('malformed_json');
  }
  scan(text);
  return value;
};

const decode = (bytes: Uint8Array): string => {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new BadJson('malformed_json');
  }
};

/** Only for text that JSON.parse accepted, which is why it may look for quotes and brackets alone. */
const scan = (text: string): void => {
  const seen: (Set<string> | undefined)[] = [];
  let field: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = closingQuote(text, at);
      const string = unescaped(text, at, end);
      const keys = seen.at(-1);
      if (keys && isKey(text, end)) {
        if (seen.length === 1) field = string;
        if (forbiddenKeys.has(string)) throw new BadJson('forbidden_key', field);
        if (keys.size === keys.add(string).size) throw new BadJson('duplicate_key', field);
      }
      if (!string.isWellFormed()) throw new BadJson('invalid_unicode', field);
      at = end;
    } else if (code === openBrace || code === openBracket) {
      if (seen.push(code === openBrace ? new Set() : undefined) > maximumDepth)
        throw new BadJson('too_deep', field);
    } else if (code === closeBrace || code === closeBracket) seen.pop();
  }
};

const closingQuote = (text: string, open: number): number => {
  let end = text.indexOf('"', open + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
};

const isEscaped = (text: string, at: number): boolean => {
  let slashes = 0;
  while (text.charCodeAt(at - 1 - slashes) === backslash) slashes++;
  return slashes % 2 === 1;
};

const unescaped = (text: string, open: number, end: number): string => {
  const inner = text.slice(open + 1, end);
  return inner.includes('\\') ? JSON.parse(text.slice(open, end + 1)) : inner;
};

const isKey = (text: string, end: number): boolean => {
  let at = end + 1;
  while (text.charCodeAt(at) <= 0x20) at++;
  return text.charCodeAt(at) === colon;
};
