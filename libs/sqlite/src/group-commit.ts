import { turns } from '#clock';
import { type Database, engineCode } from './database.ts';

interface Job {
  readonly work: () => unknown;
  readonly lasting: boolean;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Turns in which writes are collected at most. */
const TURNS = 5;

/**
 * Collects writes into one transaction: one flush to the disk answers them all. Those of one turn of the event loop
 * belong together, and while each turn brings more, those of the next: who came while the loop was at work is heard
 * before it waits for the disk. A write that throws must not have written anything; it is answered alone. When the
 * engine fails, all are.
 */
export class GroupCommit {
  readonly #database: Database;
  readonly #afterCommit: () => void;
  readonly #afterFailure: () => void;
  #jobs: Job[] = [];

  /** Both are called before anybody who waits goes on. */
  constructor(database: Database, afterCommit: () => void = () => {}, afterFailure: () => void = () => {}) {
    this.#database = database;
    this.#afterCommit = afterCommit;
    this.#afterFailure = afterFailure;
  }

  /** Resolves when the write is on the disk, or committed when it need not be `lasting`. */
  run<T>(work: () => T, lasting = true): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#jobs.push({ work, lasting, resolve, reject });
      if (this.#jobs.length === 1) this.#collect(1, TURNS);
    });
  }

  #collect(known: number, left: number): void {
    turns.piece(() => {
      const { length } = this.#jobs;
      if (length > known && left > 1) this.#collect(length, left - 1);
      else this.flush();
    });
  }

  flush(): void {
    const jobs = this.#jobs;
    if (jobs.length === 0) return;
    this.#jobs = [];
    let answers: (() => void)[];
    try {
      answers = this.#database.transaction(
        () => jobs.map((job) => this.#perform(job)),
        jobs.some(({ lasting }) => lasting),
      );
    } catch (error) {
      this.#afterFailure();
      for (const job of jobs) job.reject(error);
      return;
    }
    for (const answer of answers) answer();
    this.#afterCommit();
  }

  #perform(job: Job): () => void {
    try {
      const value = job.work();
      return () => job.resolve(value as never);
    } catch (error) {
      if (engineCode(error) !== undefined) throw error;
      return () => job.reject(error);
    }
  }
}
