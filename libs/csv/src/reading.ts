import { CsvError, parse } from 'csv-parse';

/** One record, and the line of the file on which it begins. */
export interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

/** The file is no CSV in UTF-8; `line` is where the record begins that shows it. */
export class CsvUnreadable extends Error {
  override readonly name = 'CsvUnreadable';
  readonly reason: string;
  readonly line: number;
  constructor(reason: string, line: number) {
    super(`${reason} at line ${line}`);
    this.reason = reason;
    this.line = line;
  }
}

const RECORD_LIMIT = 64 * 1_024;

/**
 * RFC 4180, strict UTF-8, a byte order mark accepted, lines that end with CRLF or LF, empty ones passed over. Reads as
 * fast as the caller takes records, so that a file of any length needs the same memory. @throws CsvUnreadable after
 * every record before it
 */
export async function* csvRecords(
  source: Iterable<Buffer> | AsyncIterable<Buffer>,
): AsyncGenerator<CsvRecord> {
  const read: CsvRecord[] = [];
  let line = 1;
  const parser = parse({
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    max_record_size: RECORD_LIMIT,
    // Taken here, where the line is known; nothing is left for the parser's own output.
    on_record: (cells: string[]) => {
      if (cells.length > 1 || cells[0] !== '') read.push({ line, cells });
      line += 1 + breaksIn(cells);
      return null;
    },
  });
  // The one who writes is told; nobody else listens.
  parser.on('error', () => undefined).resume();
  const unreadable = (reason: string) => new CsvUnreadable(reason, line);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decoded = (piece?: Buffer): string => {
    try {
      return decoder.decode(piece, { stream: piece !== undefined });
    } catch {
      throw unreadable('not_utf8');
    }
  };
  try {
    for await (const piece of source) {
      const text = decoded(piece);
      const failed = await given((done) => parser.write(text, done));
      yield* read.splice(0);
      if (failed) throw unreadable(failed);
    }
    const rest = decoded();
    const failed = await given((done) => parser.end(rest, done));
    yield* read.splice(0);
    if (failed) throw unreadable(failed);
  } finally {
    parser.destroy();
  }
}

const breaksIn = (cells: readonly string[]): number =>
  cells.reduce((sum, cell) => sum + (cell.includes('\n') ? cell.split('\n').length - 1 : 0), 0);

/** @returns why it cannot be read, if so */
const given = (give: (done: (error?: Error | null) => void) => void): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    give((error) => {
      if (!error) resolve(undefined);
      else if (error instanceof CsvError) resolve(error.code.toLowerCase());
      else reject(error);
    });
  });
