import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Child } from './child.ts';
import { HttpConnection } from './http-connection.ts';
import { password } from './product.ts';

const secret = 'a secret of the benchmark, long enough for anybody';
const api = '/api/auth';
const newId = (): string => randomBytes(24).toString('base64url');
const seededAt = new Date().toISOString();
const seededUntil = '2099-01-01T00:00:00.000Z';

type Insert = (table: string, row: Readonly<Record<string, string | number>>) => void;

/** Somebody who is signed in, by what a browser of theirs would send. */
export interface SignedIn {
  readonly lines: string;
}

export interface Host extends SignedIn {
  readonly userId: string;
  readonly organizationId: string;
}

export interface Guest extends SignedIn {
  readonly invitationId: string;
}

/** The peer in a process of its own, on SQLite with WAL and synchronous=FULL, which it reads back before it listens. */
export class BetterAuth {
  readonly process: Child;
  readonly #file: string;

  private constructor(child: Child, file: string) {
    this.process = child;
    this.#file = file;
  }

  static async start(folder: string): Promise<BetterAuth> {
    const file = join(folder, 'better-auth.db');
    return new BetterAuth(await Child.start(['test/bench/peers/better-auth.js', file, secret]), file);
  }

  /** By the same calls that a person makes. */
  async host(name: string): Promise<Host> {
    const [connection] = (await this.connections(1)) as [HttpConnection];
    const { token, user } = await connection.json<{ token: string; user: { id: string } }>(
      'POST',
      `${api}/sign-up/email`,
      { email: `owner@${name}.example`, password, name: 'Olga Owner' },
    );
    const lines = this.#linesOf(token);
    const organization = { name, slug: name };
    const { id } = await connection
      .with(lines)
      .json<{ id: string }>('POST', `${api}/organization/create`, organization);
    connection.close();
    return { lines, userId: user.id, organizationId: id };
  }

  #linesOf(token: string): string {
    const signature = createHmac('sha256', secret).update(token).digest('base64');
    const value = encodeURIComponent(`${token}.${signature}`);
    return `cookie: better-auth.session_token=${value}\r\norigin: ${this.process.url}\r\n`;
  }

  /** As many connections as workers, opened and used once. */
  async connections(count: number): Promise<HttpConnection[]> {
    const open = await Promise.all(
      Array.from({ length: count }, () => HttpConnection.open(this.process.url)),
    );
    await Promise.all(open.map((connection) => connection.request('GET', `${api}/ok`)));
    return open;
  }

  /** Straight into its tables. */
  seedMembers({ organizationId }: Host, count: number): void {
    this.#seed((insert) => {
      for (let number = 0; number < count; number++) {
        const userId = this.#person(insert, `member.${number}.${organizationId}@bench.example`, number);
        insert('member', { id: newId(), organizationId, userId, role: 'member', createdAt: seededAt });
      }
    });
  }

  /** People who are there, belong to nobody, are signed in and have an invitation. */
  seedGuests({ organizationId, userId: inviterId }: Host, count: number): Guest[] {
    const guests: Guest[] = [];
    this.#seed((insert) => {
      for (let number = 0; number < count; number++) {
        const email = `guest.${number}@bench.example`;
        const userId = this.#person(insert, email, number);
        const times = { createdAt: seededAt, updatedAt: seededAt, expiresAt: seededUntil };
        const token = newId();
        insert('session', { id: newId(), token, userId, ipAddress: '', userAgent: '', ...times });
        const invitationId = newId();
        insert('invitation', {
          id: invitationId,
          organizationId,
          email,
          role: 'member',
          status: 'pending',
          expiresAt: times.expiresAt,
          createdAt: seededAt,
          inviterId,
        });
        guests.push({ lines: this.#linesOf(token), invitationId });
      }
    });
    return guests;
  }

  #person(insert: Insert, email: string, number: number): string {
    const id = newId();
    const name = `Given${number} Family${number}`;
    const times = { createdAt: seededAt, updatedAt: seededAt };
    insert('user', { id, name, email, emailVerified: 1, ...times });
    return id;
  }

  #seed(write: (insert: Insert) => void): void {
    const database = new DatabaseSync(this.#file);
    const statements = new Map<string, ReturnType<DatabaseSync['prepare']>>();
    const prepared = (table: string, columns: readonly string[]) =>
      database.prepare(
        `INSERT INTO "${table}" (${columns.map((column) => `"${column}"`)}) VALUES (${columns.map(() => '?')})`,
      );
    database.exec('BEGIN');
    write((table, row) => {
      const statement = statements.get(table) ?? prepared(table, Object.keys(row));
      statements.set(table, statement);
      statement.run(...Object.values(row));
    });
    database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
  }

  async invite(connection: HttpConnection, { organizationId }: Host, email: string): Promise<void> {
    await connection.json('POST', `${api}/organization/invite-member`, {
      email,
      role: 'member',
      organizationId,
    });
  }

  async accept(connection: HttpConnection, { lines, invitationId }: Guest): Promise<void> {
    await connection.with(lines).json('POST', `${api}/organization/accept-invitation`, { invitationId });
  }

  page(
    connection: HttpConnection,
    { organizationId }: Host,
    limit: number,
    offset: number,
  ): Promise<{ members: readonly unknown[]; total: number }> {
    const query = `organizationId=${organizationId}&limit=${limit}&offset=${offset}`;
    return connection.json('GET', `${api}/organization/list-members?${query}`);
  }

  pendingOf({ organizationId }: Host): number {
    const database = new DatabaseSync(this.#file, { readOnly: true });
    const pending = `SELECT count(*) AS n FROM invitation WHERE organizationId = ? AND status = 'pending'`;
    const { n } = database.prepare(pending).get(organizationId) as { n: number };
    database.close();
    return n;
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}
