import { domainToUnicode } from 'node:url';

/** Scripts in everyday use (UAX #31, table 5). Names in any other are refused: they serve to imitate. */
const scripts = (
  'Arabic Armenian Bengali Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Hebrew Kannada Khmer Lao ' +
  'Latin Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan'
).split(' ');

/** UTS #39 "highly restrictive": one script, or Latin with one of the three ways to write with Han. */
const alphabets = [
  ...scripts.map((script) => [script]),
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
].map((together) => {
  const letters = together.map((script) => `\\p{Script_Extensions=${script}}`).join('');
  return new RegExp(`^[0-9\\-\\u00b7\\u200c\\u200d\\p{Script_Extensions=Inherited}${letters}]+$`, 'u');
});

/** False for a label that mixes scripts or sets of digits. */
export const isOneScript = (label: string): boolean =>
  alphabets.some((alphabet) => alphabet.test(label)) &&
  !(/[0-9]/.test(label) && /(?![0-9])\p{Nd}/u.test(label));

/**
 * Letters that can be taken for Latin ones: what they look like, and their code points. After the confusables of
 * UTS #39, as far as a host name in the scripts above can hold them. Ours: the palochka U+04CF is an l (UTS #39 says
 * i), and small letters shaped like Latin capitals count (в for b, к for k, м for m, н for h, т for t).
 */
const lookAlikes: Readonly<Record<string, string>> = {
  2: '1a8',
  3: '292 25c 437 499 4e1 21d',
  4: '447',
  6: '431',
  8: 'b03 9ea a6a 223',
  9: 'a67 b68 9ed d6d',
  a: '251 3b1 430',
  aa: 'a733',
  ae: 'e6 4d5',
  ao: 'a735',
  au: 'a737',
  av: 'a739 a73b',
  ay: 'a73d',
  b: '184 185 432 44c',
  c: '1d04 441',
  d: '501 257 56a',
  dz: '2a3',
  e: 'ab32 435 4bd 3b5 454',
  f: 'ab35 a799 192 3dd 584',
  g: '261 1d83 18d 50d 581',
  h: '4bb 43d 570 45b',
  i: '131 26a 269 3b9 456 a647',
  j: '237 3f3 458 575',
  k: '138 3ba 43a 49b 49d',
  l: '1c0 4cf 5d5 5df 627 661 6f1',
  ll: '1c1 5f0',
  ls: '2aa',
  lz: '2ab',
  m: '1d0d 43c 4ce',
  n: '272 273 274 3b7 43f 578 57c',
  o: '1d0f 1d11 ab3d 3bf 3c3 43e 585 5e1 647 665 6be 6c1 6d5 6f5 966 9e6 a66 ae6 b20 b66 be6 c02 c66 c82 ce6 d02 d20 d66 d82 e50 ed0 101d 1040 10ff 12d0 3007',
  oe: '153',
  oo: 'a74f a699',
  p: '3c1 440 569',
  q: '51b 563 566',
  r: 'ab47 ab48 1d26 433',
  s: 'a731 1bd 282 455',
  t: '1d1b 3c4 442 4ad',
  tf: 'a777',
  ts: '2a6',
  u: 'a79f 1d1c ab4e ab52 28b 3c5 446 57d 1200',
  ue: '1d6b',
  uo: 'ab63',
  v: '1d20 3bd 475 5d8 667 6f7',
  w: '26f 1d21 3c9 448 461 51d 561',
  x: '3c7 445 4b3',
  y: '263 1d8c 28f 1eff ab5a 3b3 443 4af 10e7',
  z: '1d22 290',
};

const likeness = new Map(
  Object.entries(lookAlikes).flatMap(([letter, points]) =>
    points.split(' ').map((point) => [String.fromCodePoint(Number.parseInt(point, 16)), letter] as const),
  ),
);

/**
 * Equal for domains that a person would take for one another (P11). It is for comparing only, it is no domain name.
 * Accents count: `bücher` and `bucher` are told apart, as UTS #39 does.
 */
export const skeleton = (domain: string): string => {
  const plain = (domainToUnicode(domain) || domain).normalize('NFKD').toLowerCase();
  return [...plain]
    .map((letter) => likeness.get(letter) ?? letter)
    .join('')
    .normalize('NFC')
    .replaceAll('0', 'o')
    .replaceAll('1', 'l')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w');
};
