import shared from '@eventstore/db-client/generated/shared_pb.js';
import statusMessages from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { Metadata, status } from '@grpc/grpc-js';
import anyMessages from 'google-protobuf/google/protobuf/any_pb.js';
import emptyMessages from 'google-protobuf/google/protobuf/empty_pb.js';
import type {
  AppendOutcome,
  DeleteOutcome,
  ExpectedRevision,
  ProposedEvent,
  StoredEvent,
} from './eventstoredb-log.ts';

const { AppendResp, BatchAppendResp, DeleteResp, ReadResp, TombstoneResp } = streams;
const TICKS_PER_MILLISECOND = 10_000n;

/** How a real server ends a call that failed. */
export interface Failure {
  readonly code: number;
  readonly details: string;
  readonly metadata?: Metadata;
}

const failure = (code: number, details: string, trailers: Record<string, string> = {}): Failure => {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value.replace(/[^\x20-\x7e]/g, '?'));
  return { code, details, metadata };
};

export const handlerThrew = failure(status.UNKNOWN, 'Exception was thrown by handler.');
export const badRead = failure(status.UNKNOWN, 'Unexpected ReadStreamResult: Error');
export const badReadAll = failure(status.UNKNOWN, 'Unexpected ReadAllResult: Error');
export const tooLargeMessage = failure(
  status.RESOURCE_EXHAUSTED,
  'Received message exceeds the maximum configured message size.',
);
export const commitTimedOut = failure(status.ABORTED, 'Operation timed out: Commit phase timeout.');
export const consumerTooSlow = failure(
  status.ABORTED,
  'Operation timed out: Consumer too slow to handle event while live. Client resubscription required.',
);
export const streamDeleted = (stream: string): Failure =>
  failure(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  });
const appendTooLarge = failure(status.INVALID_ARGUMENT, 'Maximum Append Size of 1048576 Exceeded.', {
  exception: 'maximum-append-size-exceeded',
  'maximum-append-size': '1048576',
});

export const streamNameOf = (identifier: InstanceType<typeof shared.StreamIdentifier> | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');

const identifierOf = (stream: string) => {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(new Uint8Array(Buffer.from(stream)));
  return identifier;
};

interface ExpectedRevisionFields {
  hasNoStream(): boolean;
  hasAny(): boolean;
  hasStreamExists(): boolean;
}

export const expectedRevisionOf = (
  options: ExpectedRevisionFields & ({ getRevision(): string } | { getStreamPosition(): string }),
): ExpectedRevision => {
  if (options.hasAny()) return 'any';
  if (options.hasNoStream()) return 'no_stream';
  if (options.hasStreamExists()) return 'stream_exists';
  return BigInt('getRevision' in options ? options.getRevision() : options.getStreamPosition());
};

interface ProposedMessage {
  getId(): InstanceType<typeof shared.UUID> | undefined;
  getMetadataMap(): { get(key: string): string | undefined };
  getData_asU8(): Uint8Array;
  getCustomMetadata_asU8(): Uint8Array;
}

export const proposedOf = (message: ProposedMessage): ProposedEvent => ({
  id: message.getId()?.getString().toLowerCase() ?? '',
  type: message.getMetadataMap().get('type') ?? '',
  contentType: message.getMetadataMap().get('content-type') ?? '',
  data: message.getData_asU8(),
  metadata: message.getCustomMetadata_asU8(),
});

/** The answer of the unary path: a message or a failure. */
export const appendAnswer = (
  stream: string,
  outcome: AppendOutcome,
): InstanceType<typeof AppendResp> | Failure => {
  switch (outcome.kind) {
    case 'bad-request':
      return handlerThrew;
    case 'too-large':
      return appendTooLarge;
    case 'deleted':
      return streamDeleted(stream);
    case 'wrong-version': {
      const wrong = new AppendResp.WrongExpectedVersion();
      if (outcome.actual < 0n) wrong.setCurrentNoStream(new shared.Empty());
      else wrong.setCurrentRevision(String(outcome.actual));
      if (outcome.expected === 'any') wrong.setExpectedAny(new shared.Empty());
      else if (outcome.expected === 'no_stream') wrong.setExpectedNoStream(new shared.Empty());
      else if (outcome.expected === 'stream_exists') wrong.setExpectedStreamExists(new shared.Empty());
      else wrong.setExpectedRevision(String(outcome.expected));
      return new AppendResp().setWrongExpectedVersion(wrong);
    }
    case 'appended': {
      const success = new AppendResp.Success().setCurrentRevision(String(outcome.revision));
      if (outcome.position === undefined) success.setNoPosition(new shared.Empty());
      else success.setPosition(positionOf(new AppendResp.Position(), outcome.position));
      return new AppendResp().setSuccess(success);
    }
  }
};

const positionOf = <P extends { setCommitPosition(v: string): P; setPreparePosition(v: string): P }>(
  message: P,
  position: bigint,
): P => message.setCommitPosition(String(position)).setPreparePosition(String(position));

/** The answer of the batch path: errors travel as messages in a message. */
export const batchAnswer = (
  correlationId: InstanceType<typeof shared.UUID> | undefined,
  stream: string,
  outcome: AppendOutcome,
): InstanceType<typeof BatchAppendResp> => {
  const answer = new BatchAppendResp();
  answer.setCorrelationId(correlationId).setStreamIdentifier(identifierOf(stream));
  if (outcome.kind === 'appended') {
    const success = new BatchAppendResp.Success().setCurrentRevision(String(outcome.revision));
    if (outcome.position !== undefined)
      success.setPosition(positionOf(new shared.AllStreamPosition(), outcome.position));
    else success.setNoPosition(new emptyMessages.Empty());
    return answer.setSuccess(success);
  }
  const [name, detail] = batchFailure(stream, outcome);
  const packed = new anyMessages.Any();
  packed.pack(detail.serializeBinary(), `event_store.client.${name}`);
  return answer.setError(new statusMessages.Status().setMessage(name).setDetails(packed));
};

const batchFailure = (
  stream: string,
  outcome: Exclude<AppendOutcome, { kind: 'appended' }>,
): [string, { serializeBinary(): Uint8Array }] => {
  switch (outcome.kind) {
    case 'bad-request':
      return ['BadRequest', new shared.BadRequest()];
    case 'too-large':
      return [
        'MaximumAppendSizeExceeded',
        new shared.MaximumAppendSizeExceeded().setMaxappendsize(1_048_576),
      ];
    case 'deleted':
      return ['StreamDeleted', new shared.StreamDeleted().setStreamIdentifier(identifierOf(stream))];
    case 'wrong-version': {
      const wrong = new shared.WrongExpectedVersion();
      if (outcome.actual < 0n) wrong.setCurrentNoStream(new emptyMessages.Empty());
      else wrong.setCurrentStreamRevision(String(outcome.actual));
      if (outcome.expected === 'any') wrong.setExpectedAny(new emptyMessages.Empty());
      else if (outcome.expected === 'no_stream') wrong.setExpectedNoStream(new emptyMessages.Empty());
      else if (outcome.expected === 'stream_exists') wrong.setExpectedStreamExists(new emptyMessages.Empty());
      else wrong.setExpectedStreamPosition(String(outcome.expected));
      return ['WrongExpectedVersion', wrong];
    }
  }
};

const deleteFailure = (stream: string, outcome: Exclude<DeleteOutcome, { kind: 'done' }>): Failure => {
  if (outcome.kind === 'deleted') return streamDeleted(stream);
  const { expected, actual } = outcome;
  return failure(
    status.FAILED_PRECONDITION,
    `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expected}, Actual version: ${actual}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': stream,
      'expected-version': String(expected),
      'actual-version': String(actual),
    },
  );
};

export const deleteAnswer = (stream: string, outcome: DeleteOutcome) =>
  outcome.kind === 'done'
    ? new DeleteResp().setPosition(positionOf(new DeleteResp.Position(), outcome.position))
    : deleteFailure(stream, outcome);

export const tombstoneAnswer = (stream: string, outcome: DeleteOutcome) =>
  outcome.kind === 'done'
    ? new TombstoneResp().setPosition(positionOf(new TombstoneResp.Position(), outcome.position))
    : deleteFailure(stream, outcome);

const recordOf = (event: StoredEvent) => {
  const record = new ReadResp.ReadEvent.RecordedEvent();
  record.setId(new shared.UUID().setString(event.id));
  record.setStreamIdentifier(identifierOf(event.stream));
  record.setStreamRevision(String(event.revision));
  positionOf(record, event.position);
  record.getMetadataMap().set('type', event.type);
  record.getMetadataMap().set('content-type', event.contentType);
  record.getMetadataMap().set('created', String(BigInt(event.created) * TICKS_PER_MILLISECOND));
  return record.setCustomMetadata(event.metadata).setData(event.data);
};

/** One event of a read; with `target` given the event is a link that was followed, null when it leads nowhere. */
export const eventMessage = (event: StoredEvent, target?: StoredEvent | null) => {
  const item = new ReadResp.ReadEvent().setCommitPosition(String(event.position));
  if (target === undefined) item.setEvent(recordOf(event));
  else item.setLink(recordOf(event));
  if (target) item.setEvent(recordOf(target));
  return new ReadResp().setEvent(item);
};

export const notFoundMessage = (stream: string) =>
  new ReadResp().setStreamNotFound(new ReadResp.StreamNotFound().setStreamIdentifier(identifierOf(stream)));

export const confirmationMessage = (id: string) =>
  new ReadResp().setConfirmation(new ReadResp.SubscriptionConfirmation().setSubscriptionId(id));

export const caughtUpMessage = () => new ReadResp().setCaughtUp(new ReadResp.CaughtUp());

export const checkpointMessage = (commit: bigint, prepare: bigint) =>
  new ReadResp().setCheckpoint(
    new ReadResp.Checkpoint().setCommitPosition(String(commit)).setPreparePosition(String(prepare)),
  );
