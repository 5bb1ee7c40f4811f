import { randomUUID } from 'node:crypto';
import type { EventStore, NewEvent } from '#event-store';
import type { EventMetadata, RecordedEvent } from '#kernel';

export const metadata: EventMetadata = {
  commandId: '7b7a0f4e-2a7d-5d5c-9f57-6f8f2f5a1c11',
  fingerprint: 'f'.repeat(64),
  correlationId: 'c1',
  causationId: null,
  actor: { type: 'user', id: 'usr_00000000000000000000000000000001' },
  source: 'api',
  sourceIp: null,
  userAgent: null,
  organizationId: null,
  schemaVersion: 1,
  occurredAt: '2026-01-01T00:00:00.000Z',
};

export const anEvent = (data: object = {}, id: string = randomUUID()): NewEvent => ({
  id,
  type: 'SomethingHappened',
  data,
  metadata,
});

export const aStream = (category = 'contract'): string => `${category}-${randomUUID()}`;

export const events = (count: number): NewEvent[] =>
  Array.from({ length: count }, (_, index) => anEvent({ index }));

export const everything = async (log: AsyncIterable<readonly RecordedEvent[]>): Promise<RecordedEvent[]> => {
  const all: RecordedEvent[] = [];
  for await (const batch of log) all.push(...batch);
  return all;
};

/** Follows until so many events of these streams have come; then aborts and waits for the end. */
export const followUntil = async (
  store: EventStore,
  after: number,
  count: number,
  options: { only?: (event: RecordedEvent) => boolean; pause?: () => Promise<unknown> } = {},
): Promise<RecordedEvent[]> => {
  const stop = new AbortController();
  const seen: RecordedEvent[] = [];
  for await (const batch of store.follow({ after, signal: stop.signal })) {
    seen.push(...batch.filter(options.only ?? (() => true)));
    if (seen.length >= count) stop.abort();
    await options.pause?.();
  }
  return seen;
};
