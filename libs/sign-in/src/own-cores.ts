import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Each of `0-2,5`. */
export const eachCore = (list: string): string[] =>
  list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number) as [number, number?];
    return Array.from({ length: last - first + 1 }, (_, at) => String(first + at));
  });

const putOn = (cores: string, id: string, ...options: readonly string[]): Promise<unknown> =>
  run('taskset', [...options, '--cpu-list', '--pid', cores, id]);

/** For so long they are let go: what keeps a core busy may be no more than some process that starts. */
const REST_MS = 500;
/** Where they have kept to their cores for less than they had rested before, twice as long each time, up to this. */
const LONGEST_REST_MS = 10_000;

/**
 * Where as many hash at once as there are cores, each thread of a process that hashes keeps to one. Else the system moves
 * them to and fro, and a hash that has just been moved keeps the thread that answers waiting until the next tick, though
 * it is of the class of the idle. But a thread does not get on where somebody else keeps its core busy. The one that
 * answers does this: the process itself has to wait where it matters.
 */
export class OwnCores {
  readonly #process: string;
  readonly #parallel: number;
  #restMs = 0;
  #restsUntil = 0;
  #keptSince = 0;
  #isVain = false;
  /** What they may use when they are let go; undefined: they may now. */
  #allowed: string | undefined;
  #put: Promise<void> = Promise.resolve();

  constructor(pid: number | undefined, parallel: number) {
    this.#process = `/proc/${pid}`;
    this.#parallel = parallel;
  }

  /** Whenever the threads are there. @returns when they keep to their cores, or cannot */
  keep(): Promise<void> {
    if (performance.now() < this.#restsUntil || this.#isVain || this.#allowed !== undefined) return this.#put;
    try {
      const allowed = this.#allowedNow();
      const cores = eachCore(allowed);
      this.#isVain = cores.length !== this.#parallel;
      if (this.#isVain) return this.#put;
      this.#allowed = allowed;
      this.#keptSince = performance.now();
      const threads = this.#thoseThatHash();
      return this.#then(() => threads.map((thread, at) => putOn(cores[at % cores.length]!, thread)));
    } catch {
      // Not Linux, or it has ended.
      this.#isVain = true;
      return this.#put;
    }
  }

  /** Those that kept to their cores do so no more for a while, whoever says `keep` meanwhile. */
  leave(): Promise<void> {
    const allowed = this.#allowed;
    if (allowed === undefined) return this.#put;
    this.#allowed = undefined;
    const now = performance.now();
    const isAgain = now - this.#keptSince < this.#restMs;
    this.#restMs = isAgain ? Math.min(2 * this.#restMs, LONGEST_REST_MS) : REST_MS;
    this.#restsUntil = now + this.#restMs;
    return this.#then(() => [putOn(allowed, this.#process.slice('/proc/'.length), '--all-tasks')]);
  }

  /** One after the other. Without util-linux, or where it has ended, nothing changes. */
  #then(put: () => Promise<unknown>[]): Promise<void> {
    this.#put = this.#put.then(async () => {
      await Promise.allSettled(put());
    });
    return this.#put;
  }

  /** The cores that the process may use, as the system writes them: `0-2,5`. */
  #allowedNow(): string {
    return /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync(`${this.#process}/status`, 'utf8'))![1]!;
  }

  /** Of Node's pool; so libuv calls them since 1.50. */
  #thoseThatHash(): string[] {
    return readdirSync(`${this.#process}/task`).filter((thread) =>
      readFileSync(`${this.#process}/task/${thread}/comm`, 'utf8').startsWith('libuv-worker'),
    );
  }
}
