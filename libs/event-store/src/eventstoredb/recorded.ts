import type { AllStreamResolvedEvent, ResolvedEvent } from '@eventstore/db-client';
import type { EventMetadata, RecordedEvent } from '#kernel';
import { UnusableStore } from '../port.ts';

/** What a server hands over; a link to a missing event has none. */
export type Resolved = ResolvedEvent | AllStreamResolvedEvent;

/** Positions are byte offsets of the log: exact as numbers up to 9 PB. */
export const positionOf = ({ event }: Resolved): number => {
  const position = Number(event?.position?.commit ?? 0);
  if (!Number.isSafeInteger(position)) throw new UnusableStore(`position ${position} is beyond 2^53`);
  return position;
};

/** False for what the server keeps for itself. */
export const isOurs = ({ event }: Resolved): boolean =>
  event !== undefined && !event.type.startsWith('$') && !event.streamId.startsWith('$');

/** Data and metadata go on as they came: what did not parse arrives as text or bytes and is the reader's to judge. */
export const recorded = (resolved: Resolved): RecordedEvent => {
  const event = resolved.event as NonNullable<Resolved['event']>;
  return {
    id: event.id,
    stream: event.streamId,
    revision: Number(event.revision),
    position: positionOf(resolved),
    type: event.type,
    data: event.data as object,
    metadata: event.metadata as unknown as EventMetadata,
  };
};
