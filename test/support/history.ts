import { anonymous, commandIdFor, namedUuid } from '#commands';
import { type EventStore, NO_STREAM } from '#event-store';
import type { Event, EventMetadata } from '#kernel';

type About = Pick<EventMetadata, 'actor' | 'source' | 'organizationId' | 'occurredAt'>;

/** A stream that begins with these events, as one command would have made them: history that no test is about. */
export const begin = async (
  events: EventStore,
  stream: string,
  about: About,
  happened: readonly Event[],
): Promise<void> => {
  const commandId = commandIdFor(anonymous, undefined, null);
  const metadata: EventMetadata = {
    ...about,
    commandId,
    fingerprint: '',
    correlationId: commandId,
    causationId: null,
    sourceIp: null,
    userAgent: null,
    schemaVersion: 1,
  };
  await events.append(
    stream,
    NO_STREAM,
    happened.map(({ type, data }, index) => ({
      id: namedUuid(`${commandId}/${stream}/${index}`, commandId),
      type,
      data,
      metadata,
    })),
  );
};
