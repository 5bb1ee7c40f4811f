import { MongoAPIError, MongoBulkWriteError, MongoError, MongoServerError } from 'mongodb';
import { StorageFailure } from '#sqlite';
import { DuplicateKey } from '../port.ts';

const DUPLICATE = 11_000;
/** Codes of a server that cannot write just now: stepping down, shutting down, out of time, out of space. */
const UNABLE: ReadonlySet<unknown> = new Set([
  6, 7, 50, 64, 89, 91, 112, 189, 216, 262, 9001, 10_058, 10_107, 11_600, 11_602, 13_435, 13_436, 14_031,
]);
const PASSING = ['RetryableWriteError', 'TransientTransactionError', 'UnknownTransactionCommitResult'];

/** What a caller is told: DuplicateKey, StorageFailure for an outage, anything else as it is. */
export const told = (error: unknown): unknown => {
  if (isOfSocket(error)) return new StorageFailure(`MongoDB: ${error.message}`, { cause: error });
  if (!(error instanceof MongoError) || error instanceof MongoAPIError) return error;
  if (error.code === DUPLICATE) return new DuplicateKey(error.message, { cause: error });
  const isOutage =
    !(error instanceof MongoServerError || error instanceof MongoBulkWriteError) ||
    UNABLE.has(error.code) ||
    PASSING.some((label) => error.hasErrorLabel(label));
  return isOutage ? new StorageFailure(`MongoDB: ${error.message}`, { cause: error }) : error;
};

/** The driver hands on what Node says when it writes to a connection that the server has just ended. */
const isOfSocket = (error: unknown): error is Error =>
  error instanceof Error &&
  /^(E[A-Z]+|ERR_STREAM_[A-Z_]+|ERR_SOCKET_[A-Z_]+)$/.test(String((error as { code?: unknown }).code));

export const answered = async <R>(work: Promise<R>): Promise<R> => {
  try {
    return await work;
  } catch (error) {
    throw told(error);
  }
};
