import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { type Log, type StoredEvent, TOMBSTONE_REVISION } from './eventstoredb-log.ts';
import {
  badRead,
  badReadAll,
  eventMessage,
  type Failure,
  handlerThrew,
  notFoundMessage,
  streamDeleted,
  streamNameOf,
} from './eventstoredb-messages.ts';

export type ReadReq = InstanceType<typeof streams.ReadReq>;
export type ReadResp = InstanceType<typeof streams.ReadResp>;
export type ReadCall = ServerWritableStream<ReadReq, ReadResp>;
export type ReadOptions = NonNullable<ReturnType<ReadReq['getOptions']>>;

const LARGEST = 2n ** 63n;

export const fail = (call: ReadCall, failure: Failure): void => {
  call.emit('error', failure);
};

/** Writes with back-pressure; false when the caller has gone. */
export const send = async (call: ReadCall, message: ReadResp): Promise<boolean> => {
  if (call.cancelled || call.destroyed) return false;
  if (call.write(message)) return true;
  await new Promise<void>((resolve) => {
    const done = () => {
      for (const name of ['drain', 'cancelled', 'close']) call.off(name, done);
      resolve();
    };
    for (const name of ['drain', 'cancelled', 'close']) call.on(name, done);
  });
  return !call.cancelled && !call.destroyed;
};

/** A read that ends: one stream or everything, forwards or backwards. */
export const answerRead = async (log: Log, call: ReadCall, options: ReadOptions): Promise<void> => {
  const found = options.hasStream() ? readStream(log, options) : readAll(log, options);
  if (found === 'never') return;
  if (!Array.isArray(found)) {
    if ('code' in found) return fail(call, found);
    await send(call, found);
    call.end();
    return;
  }
  for (const event of found) {
    const target = options.getResolveLinks() && event.type === '$>' ? linked(log, event) : undefined;
    if (!(await send(call, eventMessage(event, target)))) return;
  }
  call.end();
};

const linked = (log: Log, link: StoredEvent): StoredEvent | null => {
  const [, revision, stream] = /^(\d+)@(.*)$/s.exec(Buffer.from(link.data).toString('utf8')) ?? [];
  return log.visible(stream ?? '').find((event) => event.revision === BigInt(revision ?? -1)) ?? null;
};

const readStream = (log: Log, options: ReadOptions): StoredEvent[] | Failure | ReadResp => {
  const from = options.getStream();
  const stream = streamNameOf(from?.getStreamIdentifier());
  const count = Number(options.getCount());
  const backwards = options.getReadDirection() === 1;
  const revision = from?.hasRevision() ? BigInt(from.getRevision()) : undefined;
  if (stream === '') return handlerThrew;
  if (count === 0 || (!backwards && from?.hasEnd()) || (revision ?? 0n) >= LARGEST) return badRead;
  if (log.isTombstoned(stream)) return streamDeleted(stream);
  if (log.last(stream) < 0n || log.isSoftDeleted(stream)) return notFoundMessage(stream);
  const visible = log.visible(stream);
  if (!backwards) return visible.filter((event) => event.revision >= (revision ?? 0n)).slice(0, count);
  const start = from?.hasEnd() ? TOMBSTONE_REVISION : (revision ?? 0n);
  return visible
    .filter((event) => event.revision <= start)
    .reverse()
    .slice(0, count);
};

const readAll = (log: Log, options: ReadOptions): StoredEvent[] | Failure | 'never' => {
  const from = options.getAll();
  const count = Number(options.getCount());
  const backwards = options.getReadDirection() === 1;
  if (count === 0) return 'never';
  if (from?.hasStart()) return backwards ? [] : log.all.slice(0, count);
  if (from?.hasEnd()) return backwards ? log.all.slice(-count).reverse() : [];
  const index = indexOf(log, from?.getPosition());
  if (typeof index !== 'number') return index;
  return backwards
    ? log.all.slice(Math.max(0, index - count), index).reverse()
    : log.all.slice(index, index + count);
};

interface Position {
  getCommitPosition(): string;
  getPreparePosition(): string;
}

/** Where in everything a position is; only an event's own, the very start and what lies beyond the end are taken. */
export const indexOf = (log: Log, position: Position | undefined): number | Failure => {
  const commit = BigInt(position?.getCommitPosition() ?? 0);
  const prepare = BigInt(position?.getPreparePosition() ?? 0);
  if (prepare > commit || commit >= LARGEST) return handlerThrew;
  if (commit === 0n) return 0;
  if (commit > (log.all.at(-1)?.position ?? 0n)) return log.all.length;
  const index = firstAt(log.all, commit);
  return log.all[index]?.position === commit ? index : badReadAll;
};

const firstAt = (events: readonly StoredEvent[], position: bigint): number => {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle] as StoredEvent).position < position) low = middle + 1;
    else high = middle;
  }
  return low;
};
