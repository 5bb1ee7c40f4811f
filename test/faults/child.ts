import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

export interface Child {
  readonly pid: number;
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>;
  /** What reached this side, in order; a line that broke off is none. */
  readonly lines: readonly string[];
  /** Resolves with the first line (past ones too) that matches; rejects when the process ends without it. */
  line(pattern: RegExp): Promise<string>;
  /** Exit code, or the signal that ended it; every line has arrived then. */
  readonly ended: Promise<number | NodeJS.Signals>;
  kill(signal: NodeJS.Signals): void;
}

/** Another Node, on TypeScript sources. `onLine` is called in the order of arrival. */
export const startChild = (
  args: readonly string[],
  options: {
    readonly env?: NodeJS.ProcessEnv;
    readonly uid?: number;
    /** A program that runs the process, with its own arguments. */
    readonly under?: readonly string[];
    readonly onLine?: (line: string) => void;
  } = {},
): Child => {
  const { env = process.env, uid, under = [], onLine } = options;
  const node = [process.execPath, '--conditions=orgledger-source', '--no-warnings', ...args];
  const [program, ...rest] = [...under, ...node] as [string, ...string[]];
  const child = spawn(program, rest, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env,
    ...(uid === undefined ? {} : { uid, gid: uid }),
    // A group of its own, so that a signal reaches the process and not only what runs it.
    detached: under.length > 0,
  });
  const lines: string[] = [];
  const waiters = new Set<() => void>();
  let errors = '';
  let over = false;
  const wake = () => {
    for (const waiter of [...waiters]) waiter();
  };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4_000);
  });
  child.stdin.on('error', () => undefined);
  let begun = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const whole = (begun + text).split('\n');
    begun = whole.pop() as string;
    for (const line of whole) {
      lines.push(line);
      onLine?.(line);
    }
    wake();
  });
  const ended = Promise.all([once(child, 'exit'), once(child.stdout, 'close')]).then(([[code, signal]]) => {
    over = true;
    wake();
    return (code ?? signal) as number | NodeJS.Signals;
  });
  return {
    pid: child.pid as number,
    process: child,
    lines,
    ended,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const waiter = () => {
          const found = lines.find((line) => pattern.test(line));
          if (found === undefined && !over) return;
          waiters.delete(waiter);
          if (found === undefined) reject(new Error(`the process ended without ${pattern}: ${errors}`));
          else resolve(found);
        };
        waiters.add(waiter);
        waiter();
      }),
    kill: (signal) => {
      if (under.length === 0) child.kill(signal);
      else process.kill(-(child.pid as number), signal);
    },
  };
};
