import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { HttpProblem } from './problem.ts';
import { isLoopback, sourceOf } from './source-address.ts';
import { writtenOut } from './written-out.ts';

export interface ConnectionShares {
  /** Connections that one address may hold at once. */
  readonly perAddress: number;
  /** Whose address stands for many: by default this machine, where a proxy may run. */
  readonly isShared?: (ip: string) => boolean;
}

/** Of all connections that the server takes, so many are left to others. */
export const connectionShares: ConnectionShares = { perAddress: 500 };

const refusal = new HttpProblem(
  503,
  'too_many_connections',
  'This address holds too many connections already.',
  { headers: { 'retry-after': '1' } },
);

type Listener = (socket: Socket) => void;

/** One address cannot hold every connection: those beyond its share are told so and closed, and nothing of them is read. */
export const shareConnections = (
  server: Server,
  { perAddress, isShared = isLoopback }: ConnectionShares,
  nextId: () => string,
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
      return socket.resume().end(writtenOut(refusal, nextId()), () => socket.destroy());
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
