import { CsvError, type Parser, parse } from 'csv-parse';

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

class NotUtf8 extends Error {}

const RECORD_LIMIT = 64 * 1_024;

/**
 * RFC 4180, strict UTF-8, a byte order mark accepted, lines that end with CRLF or LF, empty ones passed over. Reads as
 * fast as the caller takes records, so that a file of any length needs the same memory. @throws CsvUnreadable
 */
export async function* csvRecords(source: AsyncIterable<Buffer>): AsyncGenerator<CsvRecord> {
  const parser = parse({
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    max_record_size: RECORD_LIMIT,
  });
  const fed = feed(parser, source);
  let line = 1;
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      if (cells.length > 1 || cells[0] !== '') yield { line, cells };
      line += 1 + breaksIn(cells);
    }
    await fed;
  } catch (error) {
    if (error instanceof CsvError) throw new CsvUnreadable(error.code.toLowerCase(), line);
    if (error instanceof NotUtf8) throw new CsvUnreadable('not_utf8', line);
    throw error;
  } finally {
    parser.destroy();
    await fed.catch(() => undefined);
  }
}

const breaksIn = (cells: readonly string[]): number =>
  cells.reduce((sum, cell) => sum + (cell.includes('\n') ? cell.split('\n').length - 1 : 0), 0);

/** Decodes and hands over, waiting where the parser is full; what goes wrong ends the parser too. */
const feed = async (parser: Parser, source: AsyncIterable<Buffer>): Promise<void> => {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decoded = (chunk?: Buffer): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw new NotUtf8();
    }
  };
  try {
    for await (const chunk of source) {
      if (parser.destroyed) return;
      if (!parser.write(decoded(chunk))) await room(parser);
    }
    parser.end(decoded());
  } catch (error) {
    parser.destroy(error as Error);
  }
};

const room = (parser: Parser): Promise<void> =>
  new Promise((resolve) => {
    const go = () => {
      parser.off('drain', go).off('close', go);
      resolve();
    };
    parser.on('drain', go).on('close', go);
  });
