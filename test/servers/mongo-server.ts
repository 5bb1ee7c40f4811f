import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Commands, failure, WRITES } from './mongo-commands.ts';
import { isRetryable } from './mongo-sessions.ts';
import { type Document, type Request, Requests, reply } from './mongo-wire.ts';

export interface MongoServerOptions {
  /** A replica set of one member: transactions and retried writes. Otherwise a standalone server without both. */
  readonly replicaSet?: boolean;
}

/** A stand-in for MongoDB in this process. It proves our use of the driver, not MongoDB's behaviour. */
export interface MongoServer {
  readonly url: string;
  /** Cuts every connection once. */
  dropConnections(): void;
  /** Cuts every connection and refuses new ones, or lets them in again. */
  away(isAway: boolean): void;
  /** Takes everything and answers nothing, or answers again from now on. */
  silent(isSilent: boolean): void;
  /** The next so many writes fail with this code: 10107 the server is no longer the primary, 112 a conflict. */
  failWrites(count: number, code: number): void;
  /** The next so many writes never arrive: the connection is cut. */
  cutWrites(count: number): void;
  /** The next so many writes happen, and the connection is cut before the answer. */
  loseAnswers(count: number): void;
  /** Commands received since the start, by name. */
  readonly received: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

const RETRYABLE: ReadonlySet<number> = new Set([91, 189, 10_107, 11_600, 11_602, 13_435, 13_436]);
const SET_NAME = 'rs0';

export const startMongoServer = async (options: MongoServerOptions = {}): Promise<MongoServer> => {
  const sockets = new Set<Socket>();
  const received = new Map<string, number>();
  const faults = { away: false, silent: false, failing: 0, code: 0, cutting: 0, losing: 0 };
  let host = '';
  const commands = new Commands(() => hello(host, options.replicaSet === true));

  const answer = ({ command }: Request): Document | 'cut' => {
    const name = Object.keys(command)[0] ?? '';
    received.set(name, (received.get(name) ?? 0) + 1);
    if (!WRITES.has(name)) return commands.run(command);
    if (faults.cutting > 0) {
      faults.cutting--;
      return 'cut';
    }
    if (faults.failing > 0) {
      faults.failing--;
      return failure(
        faults.code,
        `the stand-in was told to fail with ${faults.code}`,
        labels(command, faults.code),
      );
    }
    const done = commands.run(command);
    if (faults.losing === 0) return done;
    faults.losing--;
    return 'cut';
  };

  const server = createServer((socket) => {
    if (faults.away) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    const requests = new Requests();
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => {
      for (const request of requests.take(bytes)) {
        if (faults.silent || socket.destroyed) continue;
        const answered = answer(request);
        if (answered === 'cut') socket.destroy();
        else if (!request.silent) socket.write(reply(request, answered));
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `mongodb://${host}/orgledger${options.replicaSet ? `?replicaSet=${SET_NAME}` : ''}`,
    received,
    dropConnections: drop,
    away: (isAway) => {
      faults.away = isAway;
      if (isAway) drop();
    },
    silent: (isSilent) => {
      faults.silent = isSilent;
    },
    failWrites: (count, code) => {
      faults.failing = count;
      faults.code = code;
    },
    cutWrites: (count) => {
      faults.cutting = count;
    },
    loseAnswers: (count) => {
      faults.losing = count;
    },
    close: async () => {
      drop();
      server.close();
      await once(server, 'close');
    },
  };
};

const labels = (command: Document, code: number): string[] => {
  if (command.autocommit === false) return ['TransientTransactionError'];
  return isRetryable(command) && RETRYABLE.has(code) ? ['RetryableWriteError'] : [];
};

const hello = (host: string, replicaSet: boolean): Document => ({
  helloOk: true,
  ismaster: true,
  isWritablePrimary: true,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  localTime: new Date(),
  logicalSessionTimeoutMinutes: 30,
  minWireVersion: 0,
  maxWireVersion: 25,
  readOnly: false,
  ...(replicaSet
    ? { setName: SET_NAME, setVersion: 1, hosts: [host], primary: host, me: host, secondary: false }
    : {}),
});
