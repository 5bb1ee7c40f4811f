import { type ChildProcess, spawn } from 'node:child_process';
import { hkdfSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const main = join(import.meta.dirname, '../../dist/apps/api/src/main.js');
const READY_MS = 15_000;

/** The built product as a process of its own, as `npm start` runs it. */
export class ProductProcess {
  readonly #settings: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  #said = '';
  url = '';

  constructor(settings: Readonly<Record<string, string>>) {
    this.#settings = settings;
  }

  /** What it wrote last. */
  get transcript(): string {
    return this.#said.slice(-4_000).trim();
  }

  /** Milliseconds until it said where it is. */
  async start(): Promise<number> {
    if (!existsSync(main))
      throw new Error('There is no built product; run `npm ci` (or `npm run build`) first.');
    const began = performance.now();
    const child = spawn(process.execPath, ['--enable-source-maps', main], {
      env: { PATH: process.env.PATH, PORT: '0', LOG_LEVEL: 'warn', ...this.#settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const listen = (chunk: Buffer): void => {
      this.#said += chunk;
      const url = /Orgledger is ready on (\S+)/.exec(this.#said)?.[1];
      if (url) resolve(url);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`the product ended with exit code ${code} before it was ready`)),
    );
    const timer = setTimeout(
      () => reject(new Error(`the product was not ready in ${READY_MS} ms`)),
      READY_MS,
    );
    try {
      this.#said = '';
      this.url = await promise;
    } finally {
      clearTimeout(timer);
    }
    return performance.now() - began;
  }

  /** SIGTERM, as a supervisor sends it. Answers the exit code. */
  async stop(): Promise<number | string> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? 0;
    child.kill('SIGTERM');
    const [code, signal] = await once(child, 'exit');
    return code ?? signal;
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }
}

/** Whoever can read the master key of an installation runs it: the operator's token is derived from that key. */
export const operatorToken = (folder: string): string => {
  const master = Buffer.from(readFileSync(join(folder, 'master.key'), 'utf8').trim(), 'hex');
  const derived = hkdfSync('sha256', master, '', 'orgledger/operator', 32);
  return `orgop_${Buffer.from(derived).toString('base64url')}`;
};
