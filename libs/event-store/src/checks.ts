import { InvalidAppend, type NewEvent } from './port.ts';

const MAX_DATA_BYTES = 1_048_576;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NIL = '00000000-0000-0000-0000-000000000000';

/** An event in the form both stores keep: serialised before any client sees it. */
export interface SerialisedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
}

/** @throws InvalidAppend for what no store can keep; nothing has been sent then. */
export const serialise = (
  stream: string,
  expectedRevision: number,
  events: readonly NewEvent[],
): SerialisedEvent[] => {
  if (!stream || stream.startsWith('$') || !stream.isWellFormed())
    throw new InvalidAppend(`"${stream}" is not a stream of ours`);
  if (!Number.isSafeInteger(expectedRevision) || expectedRevision < -1)
    throw new InvalidAppend(`${expectedRevision} is not an expected revision`);
  if (events.length === 0) throw new InvalidAppend('an append needs at least one event');
  const serialised = events.map(serialiseOne);
  const bytes = serialised.reduce((sum, event) => sum + Buffer.byteLength(event.data), 0);
  if (bytes > MAX_DATA_BYTES)
    throw new InvalidAppend(`${bytes} bytes of data; at most ${MAX_DATA_BYTES} fit one append`);
  return serialised;
};

const serialiseOne = ({ id, type, data, metadata }: NewEvent): SerialisedEvent => {
  if (!UUID.test(id) || id === NIL) throw new InvalidAppend(`event id "${id}" is not a lower-case UUID`);
  if (!type || type.startsWith('$') || !type.isWellFormed())
    throw new InvalidAppend(`"${type}" is not an event type of ours`);
  return { id, type, data: toJson(data), metadata: toJson(metadata) };
};

const toJson = (value: unknown): string => {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new InvalidAppend(`not serialisable: ${(error as Error).message}`);
  }
  if (text === undefined) throw new InvalidAppend('not serialisable: undefined');
  return text;
};
