import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { OwnCores } from './own-cores.ts';

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
  readonly child: ChildProcess;
}

const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const program = fileURLToPath(new URL(`hashing-process.${ending}`, import.meta.url));

/** Memory is given back when nobody signs in for so long. */
const QUIET_MS = 60_000;

/**
 * A hash takes some 10 ms, the start of the process some 200: whoever needs longer than this is stopped, or has less
 * than half a hundredth of a core, and nobody else could sign in meanwhile.
 */
const DEADLINE_MS = 2_000;

/** Whoever is not done so long after everybody before them is taken for one whose core others keep busy. */
const LATE_MS = 100;

/** So long after one was lost no other is started: it would most likely be lost as well, and somebody waits each time. */
const REST_MS = 60_000;

export interface HashingOptions {
  readonly start?: (parallel: number) => ChildProcess;
  readonly lateMs?: number;
  readonly deadlineMs?: number;
  readonly restMs?: number;
}

/**
 * Hashes in a process of its own that gives way to the one which answers everybody. Threads of this process could
 * give way as well, but then it waits for what they hold: the lock of the pool, and that of the memory. Where no
 * such process can be had, or it does not get on, threads of the pool hash.
 */
export class Hashing {
  readonly #parallel: number;
  readonly #options: Required<HashingOptions>;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #child: ChildProcess | undefined;
  #cores: OwnCores | undefined;
  #isClosed = false;
  /** As many as may be computed at once, each after the one before it. */
  readonly #lanes: Promise<unknown>[];
  #late: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  /** Whose deadline that is. */
  #expected: Waiting | undefined;
  #resting: NodeJS.Timeout | undefined;
  #quiet: NodeJS.Timeout | undefined;

  /** @param parallel so many are computed at once; whoever asks for more waits */
  constructor(
    parallel: number,
    {
      start = startProcess,
      lateMs = LATE_MS,
      deadlineMs = DEADLINE_MS,
      restMs = REST_MS,
    }: HashingOptions = {},
  ) {
    this.#parallel = parallel;
    this.#lanes = Array(parallel).fill(undefined);
    this.#options = { start, lateMs, deadlineMs, restMs };
  }

  hash(password: Uint8Array): Promise<string> {
    return this.#ask(password, undefined) as Promise<string>;
  }

  verify(kept: string, password: Uint8Array): Promise<boolean> {
    return this.#ask(password, kept) as Promise<boolean>;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#resting);
    this.#letGo();
  }

  #ask(password: Uint8Array, kept: string | undefined): Promise<string | boolean> {
    this.#last += 1;
    const task = { id: this.#last, password, kept };
    this.#child ??= this.#start();
    const child = this.#child;
    if (!child) return this.#here(task);
    const waiting = { ...Promise.withResolvers<string | boolean>(), task, child };
    this.#waiting.set(task.id, waiting);
    this.#expectOne();
    this.#hold(child);
    child.send(task, (error) => error && this.#lost(child));
    return waiting.promise;
  }

  #start(): ChildProcess | undefined {
    if (this.#isClosed || this.#resting) return undefined;
    const child = this.#started();
    if (!child) this.#rest();
    return child;
  }

  /** Want of memory or of the right to it is thrown; want of descriptors answers a process that cannot be spoken to. */
  #started(): ChildProcess | undefined {
    try {
      const child = this.#options.start(this.#parallel);
      const cores = new OwnCores(child.pid, this.#parallel);
      this.#cores = cores;
      child.on('message', (answers: readonly Hashed[]) => {
        for (const hashed of answers) this.#take(child, hashed);
        void cores.keep();
      });
      child.on('error', () => this.#lost(child));
      child.once('exit', () => this.#lost(child));
      return child.connected ? child : undefined;
    } catch {
      return undefined;
    }
  }

  #take(child: ChildProcess, hashed: Hashed): void {
    const waiting = this.#waiting.get(hashed.id);
    if (!waiting) return;
    this.#waiting.delete(hashed.id);
    this.#expectOne();
    this.#hold(child);
    if ('failure' in hashed) waiting.reject(new Error(hashed.failure));
    else waiting.resolve(hashed.result);
  }

  /** Whoever has waited longest hears of it in time, however many have passed by. */
  #expectOne(): void {
    const [next] = this.#waiting.values();
    if (next === this.#expected) return;
    this.#expected = next;
    clearTimeout(this.#late);
    this.#late = next && setTimeout(() => this.#cores?.leave(), this.#options.lateMs);
    clearTimeout(this.#deadline);
    this.#deadline = next && setTimeout(() => this.#giveUp(next.child), this.#options.deadlineMs);
  }

  #giveUp(child: ChildProcess): void {
    child.kill('SIGKILL');
    this.#lost(child);
  }

  /** What it was asked is done here. */
  #lost(child: ChildProcess): void {
    if (child === this.#child) {
      this.#child = undefined;
      this.#rest();
    }
    child.unref();
    child.channel?.unref();
    for (const { task, child: asked, resolve } of this.#waiting.values()) {
      if (asked !== child) continue;
      this.#waiting.delete(task.id);
      resolve(this.#here(task));
    }
    this.#expectOne();
  }

  #here(task: Task): Promise<string | boolean> {
    const lane = task.id % this.#parallel;
    const before = this.#lanes[lane] ?? Promise.resolve();
    const hashed = before.then(() => hereInstead(task));
    this.#lanes[lane] = hashed.catch(() => undefined);
    return hashed;
  }

  #rest(): void {
    clearTimeout(this.#quiet);
    this.#resting = setTimeout(() => {
      this.#resting = undefined;
    }, this.#options.restMs).unref();
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
    this.#quiet = setTimeout(() => this.#letGo(), QUIET_MS).unref();
  }

  #letGo(): void {
    clearTimeout(this.#quiet);
    if (this.#child?.connected) this.#child.disconnect();
    this.#child = undefined;
  }
}

export const startProcess = (parallel: number): ChildProcess =>
  fork(program, [String(parallel)], {
    execArgv: [],
    env: { UV_THREADPOOL_SIZE: String(parallel) },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });

const hereInstead = async ({ password, kept }: Task): Promise<string | boolean> => {
  const { hash, verify } = await import('@node-rs/argon2');
  return kept === undefined ? hash(password, cost) : verify(kept, password);
};
