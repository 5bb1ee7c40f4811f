import { asExported, CsvUnreadable, csvRecords } from '#csv';
import { type Refusal, refuse } from '#kernel';
import { cellsOf, columns, type ReportPage } from './report.ts';
import { Selection } from './selection.ts';

interface UploadedRow {
  readonly line: number;
  readonly text: string;
}

interface Fault {
  readonly line: number;
  readonly reason: string;
  readonly column?: string;
}

const joined = (cells: readonly string[]): string => JSON.stringify(cells);

/**
 * IMP-08: the report with rows removed, in whatever order a spreadsheet left them. An added row, a changed cell or
 * another format is refused with its line.
 */
export const readSelection = async (
  file: Iterable<Buffer> | AsyncIterable<Buffer>,
  pages: AsyncIterable<ReportPage>,
): Promise<{ selected: number; selection: Selection } | Refusal> => {
  const uploaded = await readRows(file);
  if ('line' in uploaded) return faulty(uploaded);
  const { rows, faults } = uploaded;
  const chosen: number[] = [];
  let row = 0;
  for await (const { people } of pages)
    for (const person of people) {
      const found = rows.get(person.userId);
      if (found) {
        rows.delete(person.userId);
        const cells = asExported(cellsOf(person));
        if (found.text === joined(cells)) chosen.push(row);
        else faults.push({ line: found.line, ...difference(cells, JSON.parse(found.text)) });
      }
      row += 1;
    }
  for (const { line } of rows.values()) faults.push({ line, reason: 'row_added' });
  const first = faults.toSorted((a, b) => a.line - b.line)[0];
  return first ? faulty(first) : { selected: chosen.length, selection: Selection.of(chosen, row) };
};

const readRows = async (
  file: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<{ rows: Map<string, UploadedRow>; faults: Fault[] } | Fault> => {
  const rows = new Map<string, UploadedRow>();
  const faults: Fault[] = [];
  let header = false;
  try {
    for await (const { line, cells } of csvRecords(file)) {
      if (!header) {
        const fault = headerFault(line, cells);
        if (fault) return fault;
        header = true;
        continue;
      }
      const userId = cells[0] ?? '';
      if (cells.length !== columns.length) return { line, reason: 'number_of_cells' };
      if (rows.has(userId)) faults.push({ line, reason: 'row_repeated' });
      else rows.set(userId, { line, text: joined(cells) });
    }
  } catch (error) {
    if (error instanceof CsvUnreadable) return { line: error.line, reason: error.reason };
    throw error;
  }
  return header ? { rows, faults } : { line: 1, reason: 'header_missing' };
};

const headerFault = (line: number, cells: readonly string[]): Fault | undefined => {
  if (joined(cells) === joined(columns)) return undefined;
  if (cells.length === 1 && columns.every((column) => cells[0]?.includes(column)))
    return { line, reason: 'delimiter_changed' };
  return { line, reason: 'columns_changed' };
};

const difference = (cells: readonly string[], given: readonly string[]): Omit<Fault, 'line'> => ({
  reason: 'cell_changed',
  column: columns[cells.findIndex((cell, index) => cell !== given[index])],
});

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
