import type { Index, Layout } from './layout.ts';

const columnOf = ({ fields, many }: Index): string => fields.find(({ path }) => path === many)!.column;

const isList = (column: string): string => `substr(${column}, 1, 1) = x'5b'`;

/** What the engine's own JSON reads otherwise than the driver binds it: NUL and halves of characters. */
const isEscaped = (column: string): string => `(${isList(column)} AND instr(${column}, x'5c75') > 0)`;

/** All rows of a multikey index from the documents that are there, in their order, in one statement. */
export const entriesOfAll = (layout: Layout, index: Index): string => {
  const many = columnOf(index);
  const text = `CAST(${many} AS TEXT)`;
  const elements = `CASE WHEN NOT ${isList(many)} OR ${text} = '[]' THEN '[null]' ELSE ${text} END`;
  const element = `CASE WHEN NOT ${isList(many)} THEN ${many} ELSE ${ENCODED} END`;
  const rows = [...index.fields.map(({ column }) => (column === many ? element : column)), 't.rowid'];
  const names = [...rows.keys()].map((number) => `f${number}`);
  const selected = rows.map((row, number) => `${row} AS f${number}`);
  const ordered = names.map((name, number) =>
    index.fields[number]?.direction === -1 ? `${name} DESC` : name,
  );
  return `INSERT INTO ${index.entries} SELECT ${selected} FROM ${layout.table} t, json_each(${elements}) e
    WHERE NOT ${isEscaped(many)} GROUP BY ${names} ORDER BY ${ordered}`;
};

/** Those that the statement above leaves out. */
export const escapedLists = (layout: Layout, index: Index): string =>
  `SELECT rowid AS id, * FROM ${layout.table} WHERE ${isEscaped(columnOf(index))}`;

/** An element as `encode` makes it of the same value. */
const ENCODED = `CASE e.type WHEN 'null' THEN -9e999 WHEN 'true' THEN x'ff' WHEN 'false' THEN x'fe'
  WHEN 'array' THEN x'5b' WHEN 'object' THEN x'7b' WHEN 'text' THEN e.value ELSE CAST(e.value AS REAL) END`;
