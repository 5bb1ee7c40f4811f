import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { isLoopback, sourceOf } from './source-address.ts';

export interface ConnectionShares {
  /** Connections that one address may hold at once. */
  readonly perAddress: number;
  /** Whose address stands for many: by default this machine, where a proxy may run. */
  readonly isShared?: (ip: string) => boolean;
}

/** Of all connections that the server takes, so many are left to others. */
export const connectionShares: ConnectionShares = { perAddress: 500 };

const body = JSON.stringify({
  type: 'urn:orgledger:problem:too_many_connections',
  title: 'Service Unavailable',
  status: 503,
  detail: 'This address holds too many connections already.',
  code: 'too_many_connections',
  instance: '/',
});

const refusal =
  'HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json; charset=utf-8\r\n' +
  `content-length: ${Buffer.byteLength(body)}\r\nretry-after: 1\r\nconnection: close\r\n\r\n${body}`;

type Listener = (socket: Socket) => void;

/** One address cannot hold every connection: those beyond its share are told so and closed, and nothing of them is read. */
export const shareConnections = (
  server: Server,
  { perAddress, isShared = isLoopback }: ConnectionShares,
): void => {
  const held = new Map<string, number>();
  const [inside] = server.listeners('connection') as Listener[];
  if (!inside) throw new Error('nobody listens to connections yet');
  server.off('connection', inside);
  server.on('connection', (socket: Socket) => {
    const ip = socket.remoteAddress ?? '';
    if (isShared(ip)) return inside.call(server, socket);
    const source = sourceOf(ip);
    const before = held.get(source) ?? 0;
    if (before >= perAddress) {
      socket.on('error', () => socket.destroy());
      return socket.resume().end(refusal, () => socket.destroy());
    }
    held.set(source, before + 1);
    socket.once('close', () => {
      const rest = (held.get(source) ?? 1) - 1;
      if (rest === 0) held.delete(source);
      else held.set(source, rest);
    });
    inside.call(server, socket);
  });
};
