import { fsyncSync, readSync, writeSync } from 'node:fs';

/** First byte of a page that belongs to a tree ("B-tree Pages" of SQLite's file format) → length of its header. */
const HEADERS = new Map([
  [2, 12],
  [5, 12],
  [10, 8],
  [13, 8],
]);
const FILE_HEADER = 100;
const SLICE = 4 * 1_048_576;

/**
 * Between the list of its cells and the cells themselves a page has room that belongs to nobody. Where the engine has
 * shared out the cells of a page anew, copies of some stay there, with secure_delete too: this overwrites them. Only
 * while the write-ahead log is empty and nobody writes. @returns how many pages had something there
 */
export const zeroGaps = (file: number): number => {
  const header = Buffer.alloc(FILE_HEADER);
  readSync(file, header, 0, FILE_HEADER, 0);
  const stated = header.readUInt16BE(16);
  const pageSize = stated === 1 ? 65_536 : stated;
  const slice = Buffer.alloc(SLICE - (SLICE % pageSize));
  const zeros = Buffer.alloc(pageSize);
  let cleaned = 0;
  for (let at = 0; ; at += slice.length) {
    const length = readSync(file, slice, 0, slice.length, at);
    for (let page = 0; page + pageSize <= length; page += pageSize) {
      const start = at + page === 0 ? FILE_HEADER : 0;
      const [from, to] = gapOf(slice.subarray(page, page + pageSize), start);
      if (from >= to || slice.compare(zeros, 0, to - from, page + from, page + to) === 0) continue;
      writeSync(file, zeros, 0, to - from, at + page + from);
      cleaned += 1;
    }
    if (length < slice.length) break;
  }
  if (cleaned > 0) fsyncSync(file);
  return cleaned;
};

const gapOf = (page: Buffer, start: number): [from: number, to: number] => {
  const header = HEADERS.get(page[start] as number);
  if (header === undefined) return [0, 0];
  const from = start + header + 2 * page.readUInt16BE(start + 3);
  const to = page.readUInt16BE(start + 5) || 65_536;
  return to <= page.length ? [from, to] : [0, 0];
};
