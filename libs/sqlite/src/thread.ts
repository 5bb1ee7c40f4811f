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
