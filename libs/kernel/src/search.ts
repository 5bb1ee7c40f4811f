/** The words under which something is found by prefix: lower case, without diacritics, each once, sorted. */
export const searchWords = (...texts: readonly string[]): string[] => {
  const words = texts.flatMap((text) => {
    const folded = foldCase(text).trim();
    return [folded, ...folded.split(/\s+/)];
  });
  return [...new Set(words)].filter((word) => word !== '').sort();
};

/** The form in which words are kept and asked for. */
export const foldCase = (text: string): string =>
  PLAIN.test(text) ? text.toLowerCase() : text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** Most texts: nothing to take apart. */
const PLAIN = /^[\x20-\x7e]*$/;

/** What a word must begin with to be found; undefined where nobody searches. */
export const beginningWith = (search: string | undefined): { readonly prefix: string } | undefined =>
  search === undefined ? undefined : { prefix: foldCase(search).trim() };
