import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { type ResourceLimits, Worker } from 'node:worker_threads';

/** A module without its ending, started as a thread: from the build or, as the tests do, from the sources. */
export const startThread = (
  module: string,
  beside: string,
  given: { readonly name: string; readonly workerData: unknown; readonly resourceLimits?: ResourceLimits },
): Worker => {
  const fromSource = beside.endsWith('.ts');
  return new Worker(new URL(`${module}.${fromSource ? 'ts' : 'js'}`, beside), {
    ...given,
    ...(fromSource ? { execArgv: ['--conditions=orgledger-source'] } : {}),
  });
};

/**
 * The thread that calls leaves the processor to those that answer callers, where both want it. Not on every system has a
 * thread a priority of its own.
 */
export const giveWay = (): void => {
  try {
    const [pid, , thread] = readlinkSync('/proc/thread-self').split('/').map(Number);
    if (pid === process.pid) setPriority(thread!, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not Linux: as it was.
  }
};
