import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { member } from './seeds.ts';

/** The least that a page can cost on this engine: 50 documents by keyset from an index, parsed. */
export class KeysetFloor {
  readonly #db: DatabaseSync;
  readonly #page: StatementSync;
  readonly #mark: string;
  readonly #count: number;

  constructor(folder: string, mark: string, count: number) {
    this.#mark = mark;
    this.#count = count;
    this.#db = new DatabaseSync(join(folder, `keyset-${mark}.db`));
    this.#db.exec(`PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=1073741824;
      CREATE TABLE docs (id TEXT PRIMARY KEY NOT NULL, org TEXT, name TEXT, doc TEXT NOT NULL)`);
    const insert = this.#db.prepare('INSERT INTO docs VALUES (?, ?, ?, ?)');
    this.#db.exec('BEGIN');
    for (let number = 0; number < count; number++) {
      const { name, ...person } = member(mark, number);
      const doc = JSON.stringify({
        ...person,
        name,
        words: [name, person.email],
        accounts: 0,
        pad: 'x'.repeat(180),
      });
      insert.run(person.userId, 'org', name, doc);
    }
    this.#db.exec('COMMIT; CREATE INDEX docs_name ON docs (org, name, id); PRAGMA wal_checkpoint(TRUNCATE)');
    this.#page = this.#db.prepare(
      'SELECT doc FROM docs WHERE org = ? AND (name, id) > (?, ?) ORDER BY name, id LIMIT 50',
    );
  }

  page(): void {
    const { name, userId } = member(this.#mark, Math.floor(Math.random() * this.#count));
    for (const { doc } of this.#page.all('org', name, userId)) JSON.parse(doc as string);
  }

  close(): void {
    this.#db.close();
  }
}
