/**
 * The least that the engine needs to write the rows of a finished file of read models: the same tables and indexes, every row once by
 * a prepared INSERT, as many transactions as a rebuild in batches of 2,000 events needs. Reading them is not timed.
 * Arguments: the finished file, the file to write, the number of events.
 */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

const [from, into, events] = process.argv.slice(2) as [string, string, string];
const source = new DatabaseSync(from, { readOnly: true });
const target = new DatabaseSync(into);
target.exec(`PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=2000;
  PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY`);
const schema = source
  .prepare("SELECT name, type, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type = 'index'")
  .all() as {
  name: string;
  type: string;
  sql: string;
}[];
for (const { sql } of schema) target.exec(sql);
const transactions = Math.ceil(Number(events) / 2_000);
const begin = target.prepare('BEGIN IMMEDIATE');
const commit = target.prepare('COMMIT');
const tables = schema
  .filter(({ type, name }) => type === 'table' && !name.startsWith('sqlite_'))
  .map(({ name, sql }) => {
    const { n } = source.prepare(`SELECT count(*) AS n FROM ${name}`).get() as { n: number };
    const columns = source.prepare(`SELECT * FROM pragma_table_info('${name}')`).all().length;
    // Entries of arrays have no rowid; they are written in the order of the documents that they belong to.
    const order = /WITHOUT ROWID/i.test(sql) ? (/\bid INTEGER/.test(sql) ? 'id' : '1') : 'rowid';
    const rows = source.prepare(`SELECT * FROM ${name} ORDER BY ${order}`);
    rows.setReturnArrays(true);
    const insert = target.prepare(`INSERT INTO ${name} VALUES (${Array(columns).fill('?').join()})`);
    return { n, walk: rows.iterate() as unknown as Iterator<SQLInputValue[]>, insert, taken: 0 };
  });
let milliseconds = 0;
let written = 0;
for (let turn = 1; turn <= transactions; turn++) {
  const chunk = tables.map((table) => {
    const rows: SQLInputValue[][] = [];
    for (const end = Math.round((table.n * turn) / transactions); table.taken < end; table.taken++)
      rows.push(table.walk.next().value as SQLInputValue[]);
    return { insert: table.insert, rows };
  });
  const begun = performance.now();
  begin.run();
  for (const { insert, rows } of chunk) for (const row of rows) insert.run(...row);
  commit.run();
  milliseconds += performance.now() - begun;
  for (const { rows } of chunk) written += rows.length;
}
target.close();
source.close();
process.stdout.write(`${JSON.stringify({ seconds: milliseconds / 1_000, rows: written })}\n`);
