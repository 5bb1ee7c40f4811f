import { setTimeout } from 'node:timers/promises';
import { StorageFailure } from '#sqlite';

/** What takes longer is an outage, and whoever asked is told so. */
export const READ_MS = 10_000;
/** Longer than the driver waits for a silent server: whether it was written is not known then. */
export const WRITE_MS = 30_000;
/** Longer than the driver goes on trying by itself. */
export const TRANSACTION_MS = 150_000;

/**
 * The driver has been seen to wait for ever where a server went away at the very moment of a call.
 * @throws StorageFailure when it has not answered by then
 */
export const inTime = async <R>(milliseconds: number, call: Promise<R>): Promise<R> => {
  const late = new AbortController();
  try {
    return await Promise.race([call, after(milliseconds, late.signal)]);
  } finally {
    late.abort();
  }
};

const after = async (milliseconds: number, signal: AbortSignal): Promise<never> => {
  await setTimeout(milliseconds, undefined, { signal });
  throw new StorageFailure('MongoDB has not answered in time');
};
