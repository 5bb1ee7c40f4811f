import { readFileSync } from 'node:fs';

/** Milliseconds so far in which this thread was ready and had no core. Linux tells it; elsewhere 0. */
export const waitedForCore = (): number => {
  try {
    const [, waited] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ');
    return Number(waited) / 1e6;
  } catch {
    return 0;
  }
};
