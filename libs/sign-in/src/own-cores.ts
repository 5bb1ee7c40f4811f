import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

const threads = '/proc/self/task';

/** Of Node's pool; their name is that of Node 26. */
const thoseThatHash = (): string[] =>
  readdirSync(threads).filter((thread) =>
    readFileSync(`${threads}/${thread}/comm`, 'utf8').startsWith('libuv-worker'),
  );

/** The cores that this process may use, as the system writes them: `0-2,5`. */
const allowed = (): string =>
  /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]!;

const each = (list: string): string[] =>
  list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number) as [number, number?];
    return Array.from({ length: last - first + 1 }, (_, at) => String(first + at));
  });

/** Whoever was late is helped at once; what kept their core busy lasts for longer, as a rule. */
const REST_MS = 10_000;

/**
 * Where as many hash at once as there are cores, each thread that does keeps to one. Else the system moves them to and
 * fro, and whoever has come to a core keeps the thread that answers from it until the next tick, though it is of the
 * class of the idle. But a thread does not get on where somebody else keeps its core busy.
 */
export class OwnCores {
  readonly #parallel: number;
  #are: 'anywhere' | 'apart' | 'away' = 'anywhere';
  #put: Promise<unknown> = Promise.resolve();

  constructor(parallel: number) {
    this.#parallel = parallel;
  }

  /** Whenever the threads are there. @returns when they keep to their cores, or cannot */
  keep(): Promise<unknown> {
    if (this.#are === 'anywhere') {
      this.#are = 'apart';
      this.#then(() => this.#spread());
    }
    return this.#put;
  }

  /** For ten seconds, whoever says `keep` meanwhile. */
  leave(): Promise<unknown> {
    if (this.#are === 'apart') this.#then(() => putOn(allowed(), String(process.pid), '--all-tasks'));
    if (this.#are !== 'away') {
      this.#are = 'away';
      setTimeout(() => {
        this.#are = 'anywhere';
      }, REST_MS).unref();
    }
    return this.#put;
  }

  #then(put: () => Promise<unknown>): void {
    // Not Linux, or without util-linux: what cannot be had is done without.
    this.#put = this.#put.then(put).catch(() => undefined);
  }

  async #spread(): Promise<void> {
    const cores = each(allowed());
    if (cores.length !== this.#parallel) return;
    await Promise.all(thoseThatHash().map((thread, at) => putOn(cores[at % cores.length]!, thread)));
  }
}

const putOn = (cores: string, id: string, ...options: readonly string[]): Promise<unknown> =>
  run('taskset', [...options, '--cpu-list', '--pid', cores, id]);
