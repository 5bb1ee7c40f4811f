import { asExported, CsvUnreadable, csvRecords } from '#csv';
import { type Refusal, refuse } from '#kernel';
import { cellsOf, columns, type ReportPage } from './report.ts';
import { Selection } from './selection.ts';
import { UploadedRows } from './uploaded-rows.ts';

export interface Fault {
  readonly line: number;
  readonly reason: string;
  readonly column?: string;
}

/** A file as it was read, or why it cannot be the report. */
export type Upload = { readonly rows: UploadedRows; readonly repeated: Fault | undefined } | Fault;

/** Takes a file in as it comes. */
export const readUpload = async (file: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<Upload> => {
  const rows = new UploadedRows(columns.length);
  let repeated: Fault | undefined;
  let header = false;
  try {
    for await (const { line, cells } of csvRecords(file)) {
      if (!header) {
        const fault = headerFault(line, cells);
        if (fault) return fault;
        header = true;
        continue;
      }
      if (cells.length !== columns.length) return { line, reason: 'number_of_cells' };
      if (!rows.add(line, cells)) repeated ??= { line, reason: 'row_repeated' };
    }
  } catch (error) {
    if (error instanceof CsvUnreadable) return { line: error.line, reason: error.reason };
    throw error;
  }
  return header ? { rows, repeated } : { line: 1, reason: 'header_missing' };
};

/**
 * IMP-08: the report with rows removed, in whatever order a spreadsheet left them. An added row, a changed cell or
 * another format is refused with its line.
 */
export const selectionOf = async (
  upload: Upload,
  pages: AsyncIterable<ReportPage>,
): Promise<{ selected: number; selection: Selection } | Refusal> => {
  if ('line' in upload) return faulty(upload);
  const { rows, repeated } = upload;
  const chosen: number[] = [];
  let changed: Fault | undefined;
  let row = 0;
  for await (const { people } of pages)
    for (const person of people) {
      const found = rows.take(asExported(cellsOf(person)));
      if (found?.same) chosen.push(row);
      else if (found) changed = earlier(changed, cellChanged(found));
      row += 1;
    }
  const left = rows.firstLeft;
  const added = left === undefined ? undefined : { line: left, reason: 'row_added' };
  const first = earlier(earlier(repeated, changed), added);
  return first ? faulty(first) : { selected: chosen.length, selection: Selection.of(chosen, row) };
};

const earlier = (one: Fault | undefined, other: Fault | undefined): Fault | undefined =>
  one && other ? (one.line < other.line ? one : other) : (one ?? other);

const cellChanged = ({ line, changed }: { line: number; changed: number }): Fault => ({
  line,
  reason: 'cell_changed',
  column: columns[changed],
});

const joined = (cells: readonly string[]): string => JSON.stringify(cells);

const headerFault = (line: number, cells: readonly string[]): Fault | undefined => {
  if (joined(cells) === joined(columns)) return undefined;
  if (cells.length === 1 && columns.every((column) => cells[0]?.includes(column)))
    return { line, reason: 'delimiter_changed' };
  return { line, reason: 'columns_changed' };
};

const sentences: Readonly<Record<string, string>> = {
  row_added: 'it holds a person whom the report does not hold',
  row_repeated: 'it holds a person for the second time',
  cell_changed: 'a cell is not what the report says',
  number_of_cells: 'the row has another number of cells than the report',
  columns_changed: 'the columns are not those of the report',
  delimiter_changed: 'the cells are not separated by commas',
  header_missing: 'the file is empty',
  not_utf8: 'it is not UTF-8',
};

const faulty = ({ line, reason, column }: Fault): Refusal =>
  refuse(
    'invalid',
    'import_selection_invalid',
    `Only rows may be removed from the report; line ${line}: ${sentences[reason] ?? 'it is not well-formed CSV'}.`,
    { line, reason, ...(column === undefined ? {} : { column }) },
  );
