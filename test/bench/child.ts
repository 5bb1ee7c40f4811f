import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

/** A program of Node that says on its output where it listens. */
export class Child {
  readonly process: ChildProcess;
  readonly url: string;
  /** `performance.now()` when it was started. */
  readonly startedAt: number;

  private constructor(process: ChildProcess, url: string, startedAt: number) {
    this.process = process;
    this.url = url;
    this.startedAt = startedAt;
  }

  /** @throws with what the program wrote when it ends before it listens */
  static async start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Child> {
    const startedAt = performance.now();
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        TMPDIR: process.env.TMPDIR,
        NODE_ENV: 'production',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let written = '';
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const read = (chunk: Buffer) => {
      written = `${written}${chunk}`.slice(-8_192);
      const url = /\b(?:http|esdb):\/\/[^\s"]+/.exec(written)?.[0];
      if (url) resolve(url);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.on('exit', (code, signal) => reject(new Error(`${args[0]} ended (${code ?? signal}): ${written}`)));
    const killed = () => child.kill('SIGKILL');
    process.on('exit', killed);
    child.on('exit', () => process.off('exit', killed));
    return new Child(child, await promise, startedAt);
  }

  /** Resident memory in MB. */
  get residentMb(): number {
    return (
      Number(execFileSync('ps', ['-o', 'rss=', '-p', String(this.process.pid)], { encoding: 'utf8' })) / 1_024
    );
  }

  /** Without pages of files, which the system may drop at any time. Linux tells it; elsewhere it is all. */
  get ownMb(): number {
    try {
      const status = readFileSync(`/proc/${this.process.pid}/status`, 'utf8');
      return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024;
    } catch {
      return this.residentMb;
    }
  }

  /** Processor time of the thread that answers, in milliseconds so far. Linux tells it; elsewhere 0. */
  get answeringMs(): number {
    return this.#processorMs(`task/${this.process.pid}/stat`);
  }

  /** The same of all threads. */
  get allThreadsMs(): number {
    return this.#processorMs('stat');
  }

  #processorMs(file: string): number {
    try {
      const status = readFileSync(`/proc/${this.process.pid}/${file}`, 'utf8');
      const [user, system] = status.slice(status.lastIndexOf(')')).split(' ').slice(12, 14);
      return (Number(user) + Number(system)) * 10;
    } catch {
      return 0;
    }
  }

  /** The highest of `residentMb` and of `ownMb` while something is done. */
  async peakMbWhile(work: Promise<unknown>): Promise<{ resident: number; own: number }> {
    const peak = { resident: 0, own: 0 };
    const look = (): void => {
      peak.resident = Math.max(peak.resident, this.residentMb);
      peak.own = Math.max(peak.own, this.ownMb);
    };
    const looking = setInterval(look, 100);
    await work.finally(() => clearInterval(looking));
    look();
    return peak;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const ended = once(this.process, 'exit');
    this.process.kill(signal);
    await ended;
  }
}

/** Runs a program to its end and answers the JSON that it wrote last. */
export const runToEnd = async <T>(args: readonly string[]): Promise<T> => {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let written = '';
  child.stdout.on('data', (chunk: Buffer) => {
    written += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return JSON.parse(written.trim().split('\n').at(-1) as string) as T;
};
