import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HttpConnection } from '../bench/http-connection.ts';
import { type Administrator, administrator, Product } from './product.ts';

const LONG = process.env.ORGLEDGER_LONG === '1';
const SLOW = LONG ? 1_800 : 500;
const GREEDY = 1_200;
const OVERLOAD_MS = LONG ? 60_000 : 3_000;
const OTHERS = 4;
const REFUSED = LONG ? 100_000 : 4_000;
const MEBIBYTE = 1024 ** 2;

let folder: string;
let product: Product;
let greedy: Administrator;
let other: Administrator;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-overload-'));
  // Without allowances, so that what is asked for here is not refused before it is too much at once.
  product = await Product.start(folder, { ORGLEDGER_RATE_LIMITS: 'off' });
  greedy = await administrator(product);
  other = await administrator(product);
});
afterAll(async () => {
  await product?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What somebody of another organization does all the time: reads and changes things. */
const others = async (until: () => boolean) => {
  const latencies: number[] = [];
  const failures: string[] = [];
  const work = async (worker: number): Promise<void> => {
    const connection = await HttpConnection.open(product.url, other.token);
    const organization = `/v1/organizations/${other.organizationId}`;
    for (let n = 0; !until(); n++) {
      const begun = performance.now();
      const { status, text } = await (n % 2
        ? connection.request('GET', `${organization}/users`)
        : connection.request('PATCH', organization, { name: `Name ${worker} ${n}` }));
      latencies.push(performance.now() - begun);
      if (status !== 200) failures.push(`${status} ${text}`);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: OTHERS }, (_, worker) => work(worker)));
  const longest = Math.round(Math.max(...latencies));
  return { answered: latencies.length, longest, failures };
};

describe('F18, P18: slow and greedy callers hurt only themselves', () => {
  it(`${SLOW} slow connections: all are closed in time, others are served meanwhile`, async () => {
    const { hostname, port } = new URL(product.url);
    const begins = [
      'GET /v1/me HTTP/1.1\r\nhost: a\r\n',
      `POST /v1/sign-ups HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n{"email":"`,
    ];
    const closed: number[] = [];
    const begun = performance.now();
    const slow: Socket[] = [];
    for (let n = 0; n < SLOW; n++) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined).resume();
      socket.write(begins[n % begins.length]!);
      socket.once('close', () => closed.push(performance.now() - begun));
      slow.push(socket);
    }
    const dripping = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write('x');
    }, 1_000);
    const served = await others(() => closed.length === SLOW || performance.now() - begun > 30_000);
    clearInterval(dripping);
    for (const socket of slow) socket.destroy();
    const seconds = (Math.max(...closed) / 1_000).toFixed(1);
    process.stdout.write(
      `slow: ${closed.length} of ${SLOW} closed after ${seconds} s; others: ${served.answered} answers, longest ${served.longest} ms\n`,
    );
    expect(served.failures).toEqual([]);
    expect(closed).toHaveLength(SLOW);
  }, 120_000);

  it('many times more than can be done: what is refused is told when to come back, others get every answer', async () => {
    const connections = await Promise.all(
      Array.from({ length: GREEDY }, () => HttpConnection.open(product.url, greedy.token)),
    );
    const until = performance.now() + OVERLOAD_MS;
    const counts = { done: 0, refused: 0, wrong: 0 };
    const flood = Promise.all(
      connections.map(async (connection) => {
        while (performance.now() < until) {
          const { status, text } = await connection.request(
            'GET',
            `/v1/organizations/${greedy.organizationId}/users`,
          );
          if (status === 200) counts.done += 1;
          else if (status === 503 && text.includes('"overloaded"')) counts.refused += 1;
          else counts.wrong += 1;
        }
      }),
    );
    const watching = (async () => {
      let longest = 0;
      while (performance.now() < until) {
        const begun = performance.now();
        const { status } = await product.as().get('/health/live');
        if (status !== 200) return Number.POSITIVE_INFINITY;
        longest = Math.max(longest, performance.now() - begun);
        await sleep(20);
      }
      return longest;
    })();
    const served = await others(() => performance.now() >= until);
    await flood;
    const longest = await watching;
    for (const connection of connections) connection.close();
    process.stdout.write(
      `overload: ${counts.done} done, ${counts.refused} refused; others: ${served.answered} answers, longest ${served.longest} ms; health ${Math.round(longest)} ms\n`,
    );
    expect(served.failures).toEqual([]);
    expect(served.answered).toBeGreaterThan(OTHERS);
    expect(counts.wrong).toBe(0);
    expect(counts.refused).toBeGreaterThan(0);
    expect(longest).toBeLessThan(Number.POSITIVE_INFINITY);
    const after = await product.as(greedy.token).get('/v1/me');
    expect(after.status).toBe(200);
  }, 120_000);

  it(`P15: ${REFUSED} refused requests leave no memory behind`, async () => {
    const memory = async (): Promise<number> => {
      const { text } = await product.as().get('/metrics');
      return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]);
    };
    const connections = await Promise.all(
      Array.from({ length: 16 }, () => HttpConnection.open(product.url, greedy.token)),
    );
    const organization = `/v1/organizations/${greedy.organizationId}`;
    const refuse = async (count: number): Promise<void> => {
      let left = count;
      await Promise.all(
        connections.map(async (connection, worker) => {
          while (left-- > 0) {
            const name = `k${worker}-${left}`;
            const { status } = await connection.request('POST', `${organization}/invitations`, {
              [name]: 'x'.repeat(2_000),
              email: { $gt: name },
            });
            if (status !== 400) throw new Error(`answered ${status}`);
          }
        }),
      );
    };
    await refuse(REFUSED);
    const before = await memory();
    await refuse(REFUSED);
    const grown = (await memory()) - before;
    for (const connection of connections) connection.close();
    process.stdout.write(`refused: ${REFUSED} more, memory grew by ${(grown / MEBIBYTE).toFixed(1)} MiB\n`);
    expect(before).toBeGreaterThan(10 * MEBIBYTE);
    expect(grown).toBeLessThan(50 * MEBIBYTE);
  }, 300_000);
});
