import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startFakeApi } from '../test/fake-api.ts';
import { connectionShares } from './connection-shares.ts';
import { isLoopback } from './source-address.ts';

let fake: Awaited<ReturnType<typeof startFakeApi>>;
const held: Socket[] = [];
afterEach(async () => {
  for (const socket of held.splice(0)) socket.destroy();
  await fake.app.close();
});

const serve = async (perAddress: number, isShared?: (ip: string) => boolean): Promise<void> => {
  fake = await startFakeApi({ connections: { perAddress, isShared } });
  await fake.app.listen(0, '0.0.0.0');
};

const ask = 'GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n';

/** Asks from an address and keeps the connection; answers the first that the server says. */
const hold = async (localAddress: string): Promise<string> => {
  const { port } = fake.app.getHttpServer().address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  held.push(socket);
  await once(socket, 'connect');
  socket.write(ask);
  const [said] = await once(socket, 'data');
  return String(said).slice(0, 12);
};

const ok = 'HTTP/1.1 200';
const refused = 'HTTP/1.1 503';

describe('P18: one address cannot hold every connection', () => {
  it('beyond its share it is told so and closed, others come in, and who goes makes room', async () => {
    await serve(2, () => false);
    expect([await hold('127.0.0.1'), await hold('127.0.0.1')]).toEqual([ok, ok]);
    expect([await hold('127.0.0.1'), await hold('127.0.0.2')]).toEqual([refused, ok]);
    held[0]?.destroy();
    let answer = refused;
    while (answer === refused) answer = await hold('127.0.0.1');
    expect(answer).toBe(ok);
  });

  it('a refused connection is answered with a problem before anything of it is read', async () => {
    await serve(1, () => false);
    await hold('127.0.0.1');
    const { port } = fake.app.getHttpServer().address() as AddressInfo;
    const [head = '', body = ''] = (await text(connect(port, '127.0.0.1'))).split('\r\n\r\n');
    const requestId = /x-request-id: (req_[0-9a-f]{32})\r\n/.exec(head)?.[1];
    expect(head.split('\r\n')).toEqual([
      'HTTP/1.1 503 Service Unavailable',
      'content-type: application/problem+json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${requestId}`,
      'retry-after: 1',
      'connection: close',
    ]);
    expect(JSON.parse(body)).toEqual({
      type: 'urn:orgledger:problem:too_many_connections',
      title: 'Too many connections',
      status: 503,
      detail: 'This address holds too many connections already.',
      code: 'too_many_connections',
      instance: '/',
      requestId: expect.stringMatching(/^req_[0-9a-f]{32}$/),
    });
    expect(JSON.parse(body).requestId).toBe(requestId);
  });

  it('a proxy on this machine stands for everybody, and may hold them all', async () => {
    await serve(1);
    expect([await hold('127.0.0.1'), await hold('127.0.0.1')]).toEqual([ok, ok]);
    expect(
      ['127.0.0.1', '::1', '::ffff:127.9.9.9', '10.0.0.1', '::ffff:10.0.0.1', ''].map(isLoopback),
    ).toEqual([true, true, true, false, false, false]);
    expect(connectionShares.perAddress).toBe(500);
  });
});
