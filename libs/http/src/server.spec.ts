import { once } from 'node:events';
import { Agent, get, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { gate, startFakeApi } from '../test/fake-api.ts';
import { stop } from './stop.ts';

let fake: Awaited<ReturnType<typeof startFakeApi>>;
let port: number;
beforeEach(async () => {
  fake = await startFakeApi();
  await fake.app.listen(0, '127.0.0.1');
  ({ port } = fake.app.getHttpServer().address() as AddressInfo);
});
afterEach(() => fake.app.close());

const base = () => `http://127.0.0.1:${port}`;
const org = `/v1/organizations/org_${'0'.repeat(32)}`;
const headers = { authorization: 'Bearer good', 'content-type': 'application/json' };

/** What the server says to raw bytes, until it closes. */
const say = async (...parts: string[]): Promise<string> => {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  for (const part of parts) socket.write(part);
  return text(socket);
};

describe('P18: limits of the server', () => {
  it('are the promised ones', () => {
    const { headersTimeout, requestTimeout, maxConnections } = fake.app.getHttpServer();
    expect({ headersTimeout, requestTimeout, maxConnections }).toEqual({
      headersTimeout: 5_000,
      requestTimeout: 10_000,
      maxConnections: 2_000,
    });
  });
  it.each([
    ['what is not HTTP', ['HELLO\r\n\r\n'], 400, 'malformed_request'],
    [
      'headers that are too large',
      [`GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`],
      431,
      'headers_too_large',
    ],
    [
      'two lengths',
      ['POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'],
      400,
      'malformed_request',
    ],
    [
      'a length and chunks',
      ['POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
      400,
      'malformed_request',
    ],
    [
      'an expectation that nobody knows',
      ['GET / HTTP/1.1\r\nhost: a\r\nexpect: x\r\n\r\n'],
      417,
      'expectation_failed',
    ],
  ])('answers %s with a problem', async (_, parts, status, code) => {
    const answer = await say(...parts);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status, code });
  });
  it('closes a connection whose headers never end, with 408', async () => {
    const begin = performance.now();
    const answer = await say('GET / HTTP/1.1\r\nhost: a\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(performance.now() - begin).toBeLessThan(8_000);
  });
  it('a connection is kept for an answer that takes its time', async () => {
    const sent = request(`${base()}/v1/minutes`, { method: 'POST' }).end();
    const [answer] = await once(sent, 'response');
    expect(answer.statusCode).toBe(200);
    answer.resume();
  });
});

describe('bodies over a real socket', () => {
  it('1 MB is refused with 413, and the connection stays usable', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const post = async (body: string) => {
      const sent = request(`${base()}${org}/invitations`, { method: 'POST', headers, agent }).end(body);
      const [answer] = await once(sent, 'response');
      return { status: answer.statusCode, body: JSON.parse(await text(answer)) };
    };
    expect(await post(`{"note":"${'x'.repeat(1_000_000)}"}`)).toMatchObject({
      status: 413,
      body: { code: 'body_too_large' },
    });
    expect((await post('{"email":"ada@example.com","role":"administrator"}')).status).toBe(201);
    agent.destroy();
  });
  it('too large a body is noticed without a length, too', async () => {
    const sent = request(`${base()}${org}/invitations`, { method: 'POST', headers });
    for (let n = 0; n < 20; n++) sent.write('x'.repeat(32_000));
    sent.end();
    const [answer] = await once(sent, 'response');
    expect(answer.statusCode).toBe(413);
    answer.resume();
  });
  it('a caller who breaks off harms nobody', async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      `POST ${org}/invitations HTTP/1.1\r\nhost: a\r\nauthorization: Bearer good\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"ema`,
    );
    socket.destroy();
    await once(socket, 'close');
    expect((await fetch(`${base()}/health/live`)).status).toBe(200);
    expect(fake.lines.filter(({ message }) => message === 'request failed')).toEqual([]);
  });
  it('P9: host and forwarding headers change nothing', async () => {
    const sent = get(`${base()}${org}`, {
      headers: {
        ...headers,
        host: 'evil.example',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-for': '203.0.113.1',
      },
    });
    const [answer] = await once(sent, 'response');
    const body = await text(answer);
    expect(body).not.toMatch(/evil|203\.0/);
    expect(JSON.parse(body).call.sourceIp).toBe('127.0.0.1');
  });
});

describe('stopping', () => {
  it('answers what is in flight, refuses new connections, closes idle ones', async () => {
    const idle = connect(port, '127.0.0.1');
    await once(idle, 'connect');
    const agent = new Agent({ keepAlive: true });
    const sent = request(`${base()}/v1/slow-for-anybody`, { method: 'POST', agent }).end();
    await once(sent, 'finish');
    await once(fake.app.getHttpServer(), 'request');
    const stopping = new AbortController();
    const stopped = stop(fake.app, stopping);
    expect(stopping.signal.aborted).toBe(true);
    await once(idle.resume(), 'close');
    await expect(fetch(`${base()}/health/live`)).rejects.toThrow();
    gate.resolve();
    const [answer] = await once(sent, 'response');
    expect(answer.statusCode).toBe(200);
    answer.resume();
    await stopped;
    agent.destroy();
  });
  it('answers whoever asks again just then over a connection that was kept, and asks them to take another', async () => {
    const kept = connect(port, '127.0.0.1');
    const ask = () => kept.write('GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n');
    ask();
    const [first] = await once(kept, 'data');
    expect(String(first)).toMatch(/^HTTP\/1.1 200 OK.*\r\nKeep-Alive: timeout=65\r\n/s);
    const stopped = stop(fake.app, new AbortController());
    ask();
    expect(await text(kept)).toMatch(/^HTTP\/1.1 200 OK.*\r\nConnection: close\r\n/s);
    await stopped;
  });
  it('cuts what takes longer than the grace', async () => {
    const sent = request(`${base()}/v1/slow-for-anybody`, { method: 'POST' }).end();
    const failed = once(sent, 'error');
    await once(fake.app.getHttpServer(), 'request');
    await stop(fake.app, new AbortController(), 50);
    const [error] = await Promise.race([failed, once(sent, 'error')]);
    expect(error.code).toBe('ECONNRESET');
    gate.resolve();
  });
});
