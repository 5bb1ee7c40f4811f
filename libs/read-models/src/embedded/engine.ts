import { StorageFailure } from '#sqlite';

const CONSTRAINTS: readonly unknown[] = [1555, 2067];

/** Recognised by its code: an error of the engine may come from another realm. */
const isEngineError = (error: unknown): error is Error & { errcode: number } =>
  typeof error === 'object' && error !== null && (error as { code?: unknown }).code === 'ERR_SQLITE_ERROR';

/** A primary key or a unique index refused a row. */
export const isDuplicate = (error: unknown): boolean =>
  isEngineError(error) && CONSTRAINTS.includes(error.errcode);

/** The engine could not do its work, whatever it was asked. */
export const isFailure = (error: unknown): boolean => isEngineError(error) && !isDuplicate(error);

/** What a caller is told: an engine's error as StorageFailure, anything else as it is. */
export const told = (error: unknown): unknown =>
  isEngineError(error) ? new StorageFailure(error.message, { cause: error }) : error;

export const guarded = <R>(work: () => R): R => {
  try {
    return work();
  } catch (error) {
    throw told(error);
  }
};
