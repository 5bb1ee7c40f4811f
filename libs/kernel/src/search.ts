/** The words under which something is found by prefix: lower case, without diacritics, each once, sorted. */
export const searchWords = (...texts: readonly string[]): string[] => {
  const words = texts.flatMap((text) => {
    const folded = foldCase(text).trim();
    return [folded, ...folded.split(/\s+/)];
  });
  return [...new Set(words)].filter((word) => word !== '').sort();
};

/** The first characters of words, each once, sorted: what a search of a single character finds. */
export const initialsOf = (words: readonly string[]): string[] => [...new Set(words.map(firstOf))].sort();

export const firstOf = (word: string): string => String.fromCodePoint(word.codePointAt(0) as number);

/** The form in which words are kept and asked for. */
export const foldCase = (text: string): string =>
  PLAIN.test(text) ? text.toLowerCase() : text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** Most texts: nothing to take apart. */
const PLAIN = /^[\x20-\x7e]*$/;
