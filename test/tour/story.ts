import { isDeepStrictEqual, styleText } from 'node:util';

const out = (text = ''): void => void process.stdout.write(`${text}\n`);
const style = (format: Parameters<typeof styleText>[0], text: string): string =>
  styleText(format, text, { stream: process.stdout });

/** A step did not come out as it should. */
export class Unexpected extends Error {
  override readonly name = 'Unexpected';
}

type Cell = string | number | null | undefined;

const WIDEST = 72;
const wide = (text: string): number => [...text].length;
const shown = (cell: Cell): string => {
  const text = cell === null || cell === undefined || cell === '' ? '–' : String(cell);
  return wide(text) > WIDEST ? `${[...text].slice(0, WIDEST - 1).join('')}…` : text;
};

/** Tells what happens, and counts what was expected and held. */
export class Story {
  #chapters = 0;
  #checks = 0;
  /** A table is followed by an empty line, unless one comes anyway. */
  #gap = false;

  get chapters(): number {
    return this.#chapters;
  }

  get checks(): number {
    return this.#checks;
  }

  chapter(title: string): void {
    this.#chapters += 1;
    this.#gap = false;
    out();
    out(style('bold', `${this.#chapters}. ${title}`));
  }

  say(sentence: string): void {
    this.#line(`   ${sentence}`);
  }

  /** Says what is true; ends the tour when it is not. */
  check(sentence: string, got: unknown, expected: unknown = true): void {
    if (!isDeepStrictEqual(got, expected)) {
      out(`   ${style('red', '✗')} ${sentence}`);
      const text = (value: unknown): string => JSON.stringify(value, null, 2) ?? 'undefined';
      throw new Unexpected(`${sentence}\nexpected: ${text(expected)}\ngot:      ${text(got)}`);
    }
    this.#checks += 1;
    this.#line(`   ${style('green', '✓')} ${sentence}`);
  }

  #line(text: string): void {
    if (this.#gap) out();
    this.#gap = false;
    out(text);
  }

  table(headings: readonly string[], rows: readonly (readonly Cell[])[]): void {
    const lines = [headings, ...rows.map((row) => row.map(shown))] as readonly (readonly string[])[];
    const widths = headings.map((_, column) => Math.max(...lines.map((line) => wide(line[column] ?? ''))));
    const line = (cells: readonly string[]): string =>
      widths
        .map((width, column) => {
          const cell = cells[column] ?? '';
          return cell + ' '.repeat(width - wide(cell));
        })
        .join('  ')
        .trimEnd();
    out();
    out(`     ${style('dim', line(headings))}`);
    out(`     ${style('dim', widths.map((width) => '─'.repeat(width)).join('  '))}`);
    for (const cells of lines.slice(1)) out(`     ${line(cells)}`);
    this.#gap = true;
  }

  end(sentence: string): void {
    out();
    out(style('bold', sentence));
  }

  failed(error: Error, transcript: string): void {
    out();
    out(style('red', 'The tour ended early.'));
    out(error instanceof Unexpected ? error.message : (error.stack ?? error.message));
    if (transcript) out(`\nThe product's own last words:\n${transcript}`);
  }
}
