import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Load } from './load.ts';
import type { Report } from './report.ts';

/** What every part is given. */
export class Bench {
  readonly smoke: boolean;
  readonly report: Report;
  readonly #made = new Map<string, Promise<unknown>>();
  readonly #root = mkdtempSync(join(tmpdir(), 'orgledger-bench-'));

  constructor(smoke: boolean, report: Report) {
    this.smoke = smoke;
    this.report = report;
  }

  get rounds(): number {
    return this.smoke ? 1 : 3;
  }

  /** A folder that is there and ends with the run. */
  folder(name: string): string {
    const folder = join(this.#root, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Made once in a run, for every part that uses it. */
  once<T>(name: string, make: () => Promise<T>): Promise<T> {
    const made = this.#made.get(name) ?? make();
    this.#made.set(name, made);
    return made as Promise<T>;
  }

  pick<T>(smoke: T, full: T): T {
    return this.smoke ? smoke : full;
  }

  close(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

export const timesOf = (loads: readonly Load[]): string => {
  const middle = [...loads].sort((a, b) => a.p50 - b.p50)[loads.length >> 1] as Load;
  return `p50 ${middle.p50.toFixed(2)} ms, p99 ${middle.p99.toFixed(2)} ms`;
};

/** Why a row does not count, if it does not. */
export const brokenBy = (loads: readonly Load[], unlike?: string): string | undefined => {
  const errors = loads.flatMap((load) => load.errors);
  if (errors.length > 0) return `${errors.length} errors, first: ${errors[0]?.slice(0, 200)}`;
  return unlike;
};
