import { stringify } from 'csv-stringify/sync';

/** What a spreadsheet takes for the beginning of something to run, full-width forms included. */
const LIVE = /^[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/;

/** P16: the cells of a record as they stand in a file: what a spreadsheet would run becomes text. */
export const asExported = (cells: readonly string[]): string[] =>
  cells.map((cell) => (LIVE.test(cell) ? `'${cell}` : cell));

/** Cells that another locale would split, or that were made harmless, stand in quotes. */
const QUOTED = /^'|[;\t\r\n\u2028\u2029]/;

/** Records by RFC 4180: commas, CRLF, quotes where they are needed. */
export const csvOf = (records: readonly (readonly string[])[]): string =>
  records.length === 0
    ? ''
    : stringify(records.map(asExported), { record_delimiter: '\r\n', quoted_match: QUOTED });
