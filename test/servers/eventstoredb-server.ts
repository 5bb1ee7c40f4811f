import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import featuresService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type streamsMessages from '@eventstore/db-client/generated/streams_pb.js';
import {
  type ConnectionInjector,
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import { Faults } from './eventstoredb-faults.ts';
import { type ExpectedRevision, Log, type ProposedEvent } from './eventstoredb-log.ts';
import {
  appendAnswer,
  batchAnswer,
  commitTimedOut,
  deleteAnswer,
  expectedRevisionOf,
  type Failure,
  handlerThrew,
  proposedOf,
  streamNameOf,
  tombstoneAnswer,
  tooLargeMessage,
} from './eventstoredb-messages.ts';
import { answerRead, fail, type ReadCall } from './eventstoredb-reads.ts';
import { Subscription } from './eventstoredb-subscriptions.ts';

const MAX_MESSAGE_BYTES = 17 * 1024 * 1024;
const { StreamsService } = streamsService;
const { ServerFeaturesService } = featuresService;

type AppendHandler = handleClientStreamingCall<
  InstanceType<typeof streamsMessages.AppendReq>,
  InstanceType<typeof streamsMessages.AppendResp>
>;
type BatchAppendHandler = handleBidiStreamingCall<
  InstanceType<typeof streamsMessages.BatchAppendReq>,
  InstanceType<typeof streamsMessages.BatchAppendResp>
>;

export interface EventStoreDbServer {
  /** Connection string of one insecure node on loopback. */
  readonly url: string;
  readonly port: number;
  readonly log: Log;
  readonly faults: Faults;
  /** Cuts every open connection; new ones are taken. Answers how many were cut. */
  dropConnections(): number;
  /** Cuts every connection and takes no new ones until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Down and up again; recent ids are forgotten, the log is not. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** A stand-in for EventStoreDB 23.10 in this process: its protocol, its rules, its faults; no durability, no cluster. */
export const startEventStoreDbServer = async (): Promise<EventStoreDbServer> => {
  const log = new Log();
  const faults = new Faults();
  const grpc = new Server({ 'grpc.max_receive_message_length': -1 });
  grpc.addService(StreamsService, {
    read: (call: ReadCall) => faults.serve(call, () => serveRead(log, faults, call)),
    append: appendHandler(log, faults),
    batchAppend: batchAppendHandler(log, faults),
    delete: (call, callback) =>
      faults.serve(call, () => {
        const options = call.request.getOptions();
        const stream = streamNameOf(options?.getStreamIdentifier());
        answer(
          callback,
          options ? deleteAnswer(stream, log.delete(stream, expectedRevisionOf(options))) : handlerThrew,
        );
      }),
    tombstone: (call, callback) =>
      faults.serve(call, () => {
        const options = call.request.getOptions();
        const stream = streamNameOf(options?.getStreamIdentifier());
        answer(
          callback,
          options
            ? tombstoneAnswer(stream, log.tombstone(stream, expectedRevisionOf(options)))
            : handlerThrew,
        );
      }),
  } satisfies Parameters<typeof grpc.addService>[1] & streamsService.IStreamsServer);
  grpc.addService(ServerFeaturesService, {
    getSupportedMethods: (call, callback) => faults.serve(call, () => callback(null, supportedMethods())),
  } satisfies featuresService.IServerFeaturesServer);
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  const door = new Door(injector);
  await door.open();
  const { port } = door;
  return {
    url: `esdb://127.0.0.1:${port}?tls=false`,
    port,
    log,
    faults,
    dropConnections: () => door.drop(),
    down: () => door.close(),
    up: () => door.open(),
    restart: async () => {
      await door.close();
      log.forgetRecentIds();
      await door.open();
    },
    close: async () => {
      await door.close();
      injector.destroy();
      grpc.forceShutdown();
    },
  };
};

/** The listening socket, apart from the protocol, so that connections can be cut. */
class Door {
  readonly #injector: ConnectionInjector;
  readonly #sockets = new Set<Socket>();
  #server: NetServer | undefined;
  port = 0;

  constructor(injector: ConnectionInjector) {
    this.#injector = injector;
  }

  async open(): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
      this.#injector.injectConnection(socket);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.port, '127.0.0.1', resolve);
    });
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  drop(): number {
    const count = this.#sockets.size;
    for (const socket of this.#sockets) socket.destroy();
    return count;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.drop();
    if (server) await new Promise((resolve) => server.close(resolve));
  }
}

const answer = <T>(callback: (failure: Failure | null, message?: T) => void, result: T | Failure): void => {
  if (result !== null && typeof result === 'object' && 'code' in result) callback(result as Failure);
  else callback(null, result as T);
};

const serveRead = (log: Log, faults: Faults, call: ReadCall): void => {
  const options = call.request.getOptions();
  if (!options) {
    fail(call, handlerThrew);
    return;
  }
  if (!options.hasSubscription()) {
    answerRead(log, call, options).catch((error: Error) => call.destroy(error));
    return;
  }
  const subscription = Subscription.open(log, call, options);
  if (!(subscription instanceof Subscription)) {
    fail(call, subscription);
    return;
  }
  faults.subscriptions.add(subscription);
  subscription
    .run()
    .catch((error: Error) => call.destroy(error))
    .finally(() => faults.subscriptions.delete(subscription));
};

const appendHandler =
  (log: Log, faults: Faults): AppendHandler =>
  (call, callback) => {
    let stream = '';
    let expected: ExpectedRevision = 'any';
    let oversized = false;
    const events: ProposedEvent[] = [];
    call.on('data', (request) => {
      const options = request.getOptions();
      if (options) {
        stream = streamNameOf(options.getStreamIdentifier());
        expected = expectedRevisionOf(options);
      }
      const message = request.getProposedMessage();
      if (!message) return;
      const event = proposedOf(message);
      oversized ||= event.data.length >= MAX_MESSAGE_BYTES;
      events.push(event);
    });
    call.on('end', () =>
      faults.serve(call, () => {
        if (oversized) return callback(tooLargeMessage);
        faults.append(
          stream,
          events,
          () => log.append(stream, expected, events),
          (outcome) =>
            outcome === 'timed-out'
              ? callback(commitTimedOut)
              : answer(callback, appendAnswer(stream, outcome)),
        );
      }),
    );
  };

const batchAppendHandler =
  (log: Log, faults: Faults): BatchAppendHandler =>
  (call) => {
    const open = new Map<string, { stream: string; expected: ExpectedRevision; events: ProposedEvent[] }>();
    const breakStream = () => {
      call.emit('error', { code: 14, details: 'Connection dropped' });
    };
    faults.batchStreams.add(breakStream);
    call.on('close', () => faults.batchStreams.delete(breakStream));
    call.on('end', () => call.end());
    call.on('data', (request) => {
      const correlationId = request.getCorrelationId();
      const key = correlationId?.getString() ?? '';
      const options = request.getOptions();
      const append = open.get(key) ?? {
        stream: streamNameOf(options?.getStreamIdentifier()),
        expected: options ? expectedRevisionOf(options) : 'any',
        events: [],
      };
      open.set(key, append);
      append.events.push(...request.getProposedMessagesList().map(proposedOf));
      if (append.events.some(({ data }) => data.length >= MAX_MESSAGE_BYTES)) {
        call.emit('error', tooLargeMessage);
        return;
      }
      if (!request.getIsFinal()) return;
      open.delete(key);
      const { stream, expected, events } = append;
      faults.serve(call, () =>
        faults.append(
          stream,
          events,
          () => log.append(stream, expected, events),
          (outcome) => {
            if (outcome !== 'timed-out' && !call.cancelled && !call.destroyed)
              call.write(batchAnswer(correlationId, stream, outcome));
          },
        ),
      );
    });
  };

const supportedMethods = () => {
  const methods = new features.SupportedMethods().setEventStoreServerVersion('23.10.8');
  for (const { path } of Object.values(StreamsService) as { path: string }[]) {
    const [, service = '', method = ''] = path.toLowerCase().split('/');
    methods.addMethods(new features.SupportedMethod().setServiceName(service).setMethodName(method));
  }
  return methods;
};
