import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Argon2id, 19 MiB, two passes, one lane. */
export const cost = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

export interface Task {
  readonly id: number;
  readonly password: Uint8Array;
  /** The hash to compare with; undefined: make one. */
  readonly kept: string | undefined;
}

export type Hashed =
  | { readonly id: number; readonly result: string | boolean }
  | { readonly id: number; readonly failure: string };

interface Waiting extends PromiseWithResolvers<string | boolean> {
  readonly task: Task;
}

const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const program = fileURLToPath(new URL(`hashing-process.${ending}`, import.meta.url));

/** Memory is given back when nobody signs in for so long. */
const QUIET_MS = 60_000;

/**
 * Hashes in a process of its own that gives way to the one which answers everybody. Threads of this process could
 * give way as well, but then it waits for what they hold: the lock of the pool, and that of the memory. Where no
 * such process can be had, threads of the pool hash.
 */
export class Hashing {
  readonly #parallel: number;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #child: ChildProcess | undefined;
  #hasAnswered = false;
  #isUnusable = false;
  #quiet: NodeJS.Timeout | undefined;

  constructor(parallel: number) {
    this.#parallel = parallel;
  }

  hash(password: Uint8Array): Promise<string> {
    return this.#ask(password, undefined) as Promise<string>;
  }

  verify(kept: string, password: Uint8Array): Promise<boolean> {
    return this.#ask(password, kept) as Promise<boolean>;
  }

  close(): void {
    clearTimeout(this.#quiet);
    this.#child?.disconnect();
    this.#child = undefined;
  }

  #ask(password: Uint8Array, kept: string | undefined): Promise<string | boolean> {
    this.#last += 1;
    const task = { id: this.#last, password, kept };
    if (this.#isUnusable) return hereInstead(task);
    this.#child ??= this.#start();
    const child = this.#child;
    const waiting = { ...Promise.withResolvers<string | boolean>(), task };
    this.#waiting.set(task.id, waiting);
    this.#hold(child);
    child.send(task, (error) => error && this.#lost(child));
    return waiting.promise;
  }

  #start(): ChildProcess {
    const child = fork(program, {
      execArgv: [],
      env: { UV_THREADPOOL_SIZE: String(this.#parallel) },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.on('message', (hashed: Hashed) => this.#take(child, hashed));
    child.once('error', () => this.#lost(child));
    child.once('exit', () => this.#lost(child));
    return child;
  }

  #take(child: ChildProcess, hashed: Hashed): void {
    this.#hasAnswered = true;
    const waiting = this.#waiting.get(hashed.id);
    this.#waiting.delete(hashed.id);
    this.#hold(child);
    if ('failure' in hashed) waiting?.reject(new Error(hashed.failure));
    else waiting?.resolve(hashed.result);
  }

  /** What it was asked is done here; one that never answered is not tried again. */
  #lost(child: ChildProcess): void {
    if (child === this.#child) this.#child = undefined;
    this.#isUnusable ||= !this.#hasAnswered;
    for (const { task, resolve } of this.#waiting.values()) resolve(hereInstead(task));
    this.#waiting.clear();
  }

  /** This process lives on for the answers that it waits for, and for nothing else. */
  #hold(child: ChildProcess): void {
    clearTimeout(this.#quiet);
    if (this.#waiting.size > 0) {
      child.ref();
      child.channel?.ref();
      return;
    }
    child.unref();
    child.channel?.unref();
    this.#quiet = setTimeout(() => this.close(), QUIET_MS).unref();
  }
}

const hereInstead = async ({ password, kept }: Task): Promise<string | boolean> => {
  const { hash, verify } = await import('@node-rs/argon2');
  return kept === undefined ? hash(password, cost) : verify(kept, password);
};
