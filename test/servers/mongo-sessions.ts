import { Collection, CommandError, keyOf } from './mongo-collection.ts';
import type { Document } from './mongo-wire.ts';

const TRANSIENT = ['TransientTransactionError'];

interface Touched {
  readonly working: Collection;
  /** Documents before this transaction wrote them. */
  readonly before: Map<string, Document | undefined>;
}

/** What one command may see and change. */
export interface View {
  read(name: string): Collection | undefined;
  write(name: string): Collection;
  wrote(name: string, id: unknown, before: Document | undefined): void;
}

export class Database implements View {
  readonly collections = new Map<string, Collection>();
  read(name: string): Collection | undefined {
    return this.collections.get(name);
  }
  write(name: string): Collection {
    const existing = this.collections.get(name);
    if (existing) return existing;
    const made = new Collection();
    this.collections.set(name, made);
    return made;
  }
  wrote(): void {}
}

/** Copies of the collections it touches; a document that another transaction changed meanwhile is a conflict. */
class Transaction implements View {
  readonly number: number;
  readonly #database: Database;
  readonly #touched = new Map<string, Touched>();

  constructor(number: number, database: Database) {
    this.number = number;
    this.#database = database;
  }

  read(name: string): Collection | undefined {
    return this.#touch(name).working;
  }

  write(name: string): Collection {
    return this.#touch(name).working;
  }

  #touch(name: string): Touched {
    const existing = this.#touched.get(name);
    if (existing) return existing;
    const made = { working: this.#database.read(name)?.copy() ?? new Collection(), before: new Map() };
    this.#touched.set(name, made);
    return made;
  }

  wrote(name: string, id: unknown, before: Document | undefined): void {
    const touched = this.#touch(name);
    const key = keyOf(id);
    if (!touched.before.has(key)) touched.before.set(key, before);
    this.#mustBeUnchanged(name, touched);
  }

  #mustBeUnchanged(name: string, { before }: Touched): void {
    for (const [key, document] of before)
      if (this.#database.read(name)?.documents.get(key) !== document)
        throw new CommandError(112, 'write conflict with another transaction', TRANSIENT);
  }

  commit(): void {
    for (const [name, touched] of this.#touched) this.#mustBeUnchanged(name, touched);
    for (const [name, { working, before }] of this.#touched) {
      if (before.size === 0) continue;
      const { documents } = this.#database.write(name);
      for (const key of before.keys()) {
        const document = working.documents.get(key);
        if (document) documents.set(key, document);
        else documents.delete(key);
      }
    }
  }
}

/** Transactions and retried writes, by logical session. */
export class Sessions {
  readonly #database: Database;
  readonly #open = new Map<string, Transaction>();
  readonly #ended = new Map<string, number>();
  readonly #written = new Map<string, { readonly number: number; readonly answer: Document }>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** What the command runs on. */
  view(command: Document): View {
    if (command.autocommit !== false) return this.#database;
    const session = sessionOf(command);
    const number = Number(command.txnNumber);
    if (command.startTransaction === true) this.#open.set(session, new Transaction(number, this.#database));
    return this.#mustBeOpen(session, number);
  }

  #mustBeOpen(session: string, number: number): Transaction {
    const transaction = this.#open.get(session);
    if (transaction?.number === number) return transaction;
    throw new CommandError(251, `transaction ${number} has been aborted`, TRANSIENT);
  }

  commit(command: Document): void {
    const session = sessionOf(command);
    const number = Number(command.txnNumber);
    if (this.#ended.get(session) === number) return;
    const transaction = this.#mustBeOpen(session, number);
    this.#open.delete(session);
    transaction.commit();
    this.#ended.set(session, number);
  }

  abort(command: Document): void {
    this.#open.delete(sessionOf(command));
  }

  /** The answer to a write that this session has already sent. */
  repeated(command: Document): Document | undefined {
    const written = isRetryable(command) ? this.#written.get(sessionOf(command)) : undefined;
    return written?.number === Number(command.txnNumber) ? written?.answer : undefined;
  }

  remember(command: Document, answer: Document): void {
    if (isRetryable(command))
      this.#written.set(sessionOf(command), { number: Number(command.txnNumber), answer });
  }
}

export const isRetryable = (command: Document): boolean =>
  command.txnNumber !== undefined && command.autocommit === undefined;

const sessionOf = ({ lsid }: Document): string => String((lsid as { id: unknown } | undefined)?.id);
