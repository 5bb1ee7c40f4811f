import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

const HEADERS_FRAME = 1;
const FRAME_HEADER_BYTES = 9;

export interface FaultProxy {
  readonly port: number;
  /** How often each fault has really happened. */
  readonly injected: {
    droppedAnswers: number;
    blackHoled: number;
    halfClosed: number;
    reset: number;
    delayed: number;
  };
  /** The next answers (HTTP/2 responses) never arrive: once the server has sent one, its connection is cut. */
  dropAnswers(count: number): void;
  /** Open connections stay open and carry nothing any more; new ones work. */
  blackHole(): void;
  /** The server's side of open connections ends; what the client still sends is swallowed. */
  halfClose(): void;
  /** Open connections are reset. */
  reset(): void;
  /** What servers send from now on arrives so much later; 0 ends it. */
  delay(milliseconds: number): void;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  silent: boolean;
}

/** A TCP proxy on loopback between an HTTP/2 client and its server, with the faults of a network. */
export const startFaultProxy = async (target: number): Promise<FaultProxy> => {
  const injected = { droppedAnswers: 0, blackHoled: 0, halfClosed: 0, reset: 0, delayed: 0 };
  const pairs = new Set<Pair>();
  let toDrop = 0;
  let latency = 0;

  const cut = (pair: Pair) => {
    pair.client.destroy();
    pair.server.destroy();
  };

  const accept = (client: Socket) => {
    const server = connect({ port: target, host: '127.0.0.1', noDelay: true });
    const pair: Pair = { client, server, silent: false };
    pairs.add(pair);
    const startsAnswer = answerDetector();
    client.on('data', (chunk: Buffer) => {
      if (!pair.silent) server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      const answered = startsAnswer(chunk);
      if (pair.silent) return;
      if (answered && toDrop > 0) {
        toDrop -= 1;
        injected.droppedAnswers += 1;
        cut(pair);
      } else if (latency > 0) {
        injected.delayed += 1;
        setTimeout(() => client.write(chunk), latency);
      } else client.write(chunk);
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const)
      socket
        .on('error', () => undefined)
        .on('close', () => {
          pairs.delete(pair);
          other.destroy();
        });
  };

  const listener = createServer({ noDelay: true, allowHalfOpen: true }, accept);
  await new Promise<void>((resolve) => {
    listener.listen(0, '127.0.0.1', resolve);
  });
  const each = (act: (pair: Pair) => void): number => {
    const open = [...pairs].filter(({ silent }) => !silent);
    open.forEach(act);
    return open.length;
  };
  return {
    port: (listener.address() as AddressInfo).port,
    injected,
    dropAnswers: (count) => {
      toDrop += count;
    },
    blackHole: () => {
      injected.blackHoled += each((pair) => {
        pair.silent = true;
      });
    },
    halfClose: () => {
      injected.halfClosed += each((pair) => {
        pair.silent = true;
        pair.client.end();
      });
    },
    reset: () => {
      injected.reset += each((pair) => {
        pair.client.resetAndDestroy();
        pair.server.destroy();
      });
    },
    delay: (milliseconds) => {
      latency = milliseconds;
    },
    close: async () => {
      pairs.forEach(cut);
      await new Promise((resolve) => listener.close(resolve));
    },
  };
};

/** Reads HTTP/2 frames as they pass and tells when a response begins. */
const answerDetector = (): ((chunk: Buffer) => boolean) => {
  let pending: Buffer = Buffer.alloc(0);
  let skip = 0;
  return (chunk) => {
    let found = false;
    let rest = Buffer.concat([pending, chunk]);
    for (;;) {
      const skipped = Math.min(skip, rest.length);
      rest = rest.subarray(skipped);
      skip -= skipped;
      if (skip > 0 || rest.length < FRAME_HEADER_BYTES) break;
      found ||= rest[3] === HEADERS_FRAME;
      skip = FRAME_HEADER_BYTES + rest.readUIntBE(0, 3);
    }
    pending = rest;
    return found;
  };
};
