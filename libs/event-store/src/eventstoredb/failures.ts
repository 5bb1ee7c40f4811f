import type { WrongExpectedVersionError } from '@eventstore/db-client';
import { InvalidAppend, StoreUnavailable } from '../port.ts';

/** Nothing came back in time. What was asked for may have happened. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  constructor(milliseconds: number) {
    super(`no answer within ${milliseconds} ms`);
  }
  /** True for the deadline of the client too: it ran out because nobody answered. */
  static is(error: unknown): boolean {
    return error instanceof NoAnswer || typeOf(error) === 'deadline-exceeded';
  }
}

/** The client's messages may be empty and its codes missing: only `type` tells errors apart. */
const typeOf = (error: unknown): string | undefined => (error as { type?: string } | undefined)?.type;

export const isWrongVersion = (error: unknown): error is WrongExpectedVersionError =>
  typeOf(error) === 'wrong-expected-version';

/** A stream that is not there, or was deleted for ever: both read as empty. */
export const isMissingStream = (error: unknown): boolean =>
  typeOf(error) === 'stream-not-found' || typeOf(error) === 'stream-deleted';

/** The server refuses a position that no event has. */
export const isRefusedPosition = (error: unknown): boolean =>
  typeOf(error) === 'unknown' && (error as { code?: number }).code === 2;

export const describe = (error: unknown): string =>
  error instanceof Error ? error.message || typeOf(error) || error.name : String(error);

/** Answers that say for sure that nothing was written. Everything else leaves the outcome unknown. */
export const refusedAppend = (stream: string, error: unknown): Error | undefined => {
  switch (typeOf(error)) {
    case 'maximum-append-size-exceeded':
      return new InvalidAppend(`the append to ${stream} is larger than the store takes`, { cause: error });
    case 'stream-deleted':
      return new InvalidAppend(`${stream} was deleted for ever`, { cause: error });
    case 'access-denied':
      return new StoreUnavailable('the event store refuses our credentials', { cause: error });
  }
  return error instanceof StoreUnavailable ? error : undefined;
};

export const unavailable = (error: unknown): Error =>
  error instanceof StoreUnavailable
    ? error
    : new StoreUnavailable(`the event store is away: ${describe(error)}`, { cause: error });
