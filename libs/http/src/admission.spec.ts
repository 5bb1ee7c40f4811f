import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { gate, startFakeApi, waiting } from '../test/fake-api.ts';
import { Admission } from './admission.ts';

const org = `/v1/organizations/org_${'0'.repeat(32)}`;

let fake: Awaited<ReturnType<typeof startFakeApi>>;
let url: string;
beforeEach(async () => {
  fake = await startFakeApi({
    admission: {
      known: { inAll: 5, perCaller: 3 },
      strangers: { inAll: 3, perCaller: 2 },
      watchers: { inAll: 2, perCaller: 2 },
      operators: { inAll: 1, perCaller: 1 },
      perTurn: 32,
    },
    operatorToken: 'good-operator',
  });
  await fake.app.listen(0, '127.0.0.1');
  url = await fake.app.getUrl();
  for (const token of ['a', 'b', 'c']) expect((await read(token)).status).toBe(200);
});
afterEach(() => fake.app.close());

const as = (token: string) => ({ authorization: `Bearer good-${token}` });
const slow = (token: string, signal?: AbortSignal) =>
  fetch(`${url}/v1/slow`, { method: 'POST', headers: as(token), signal });
const slowFor = (headers: Record<string, string>) =>
  fetch(`${url}/v1/slow-for-anybody`, { method: 'POST', headers });
const read = (token: string, path = org) => fetch(url + path, { headers: as(token) });
const turn = () => new Promise(setImmediate);
const arrived = async (count: number) => {
  while (waiting.count < count) await turn();
};

describe('P18: what would only wait is refused at once', () => {
  it('one caller cannot take every place; others, watchers and what ends are not touched', async () => {
    const held = ['a', 'a', 'a'].map((token) => slow(token));
    await arrived(3);
    const refused = await read('a');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await refused.json()).toMatchObject({ status: 503, code: 'overloaded', instance: org });
    expect(refused.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await read('b')).status).toBe(200);
    gate.resolve();
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await read('a')).status).toBe(200);
  });

  it('a person is one caller, whichever of their tokens they show', async () => {
    const cookie = { cookie: 'orgledger_session=good' };
    for (const headers of [cookie, as('1')]) expect((await fetch(url + org, { headers })).status).toBe(200);
    const held = [slow('1'), slow('1'), slow('1')];
    await arrived(3);
    expect((await fetch(url + org, { headers: cookie })).status).toBe(503);
    gate.resolve();
    await Promise.all(held);
  });

  it('whoever invents tokens takes the places of their own address, and none of those who are known', async () => {
    const held = ['x', 'y'].map((token) => slowFor({ authorization: `Bearer ${token}` }));
    await arrived(2);
    expect((await slowFor({ authorization: 'Bearer z' })).status).toBe(503);
    expect((await slowFor({})).status).toBe(503);
    expect((await read('d')).status).toBe(503);
    expect((await read('a')).status).toBe(200);
    expect((await read('operator')).status).toBe(200);
    gate.resolve();
    await Promise.all(held);
    expect((await read('d')).status).toBe(200);
  });

  it('a session is known by its own cookie, whatever others stand beside it', async () => {
    const reading = (cookie: string) => fetch(url + org, { headers: { cookie } });
    expect((await reading('orgledger_session=good')).status).toBe(200);
    const held = ['x', 'y'].map((token) => slowFor({ authorization: `Bearer ${token}` }));
    await arrived(2);
    expect((await reading('theme=dark; orgledger_session=good; n=1')).status).toBe(200);
    gate.resolve();
    await Promise.all(held);
  });

  it('when every place is taken, whoever runs the service gets in, so many at once, and who asks whether it lives always', async () => {
    const held = ['a', 'a', 'a', 'b', 'b'].map((token) => slow(token));
    await arrived(5);
    expect((await read('c')).status).toBe(503);
    const running = slow('operator');
    await arrived(6);
    expect((await read('operator')).status).toBe(503);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    gate.resolve();
    await Promise.all([...held, running]);
    expect((await read('c')).status).toBe(200);
  });

  it('who finds no place is refused before the body has arrived, and it is counted', async () => {
    const held = ['a', 'a', 'a'].map((token) => slow(token));
    await arrived(3);
    const headers = { ...as('a'), 'content-type': 'application/json', 'content-length': '1000' };
    const sending = request(`${url}/v1/slow`, { method: 'POST', headers });
    sending.on('error', () => {}).write('{');
    const [{ statusCode }] = await once(sending, 'response');
    expect(statusCode).toBe(503);
    sending.destroy();
    expect(fake.answered.at(-1)).toEqual({ method: 'POST', route: 'refused', status: 503, seconds: 0 });
    gate.resolve();
    await Promise.all(held);
  });

  it('who goes away gives the place back', async () => {
    const leaving = new AbortController();
    const held = ['a', 'a', 'a'].map((token) => slow(token, leaving.signal).catch(() => 'gone'));
    await arrived(3);
    expect((await read('a')).status).toBe(503);
    leaving.abort();
    expect(await Promise.all(held)).toEqual(['gone', 'gone', 'gone']);
    while ((await read('a')).status !== 200) await turn();
  });
});

describe('P18: a connection that asks several times before it is answered', () => {
  it('gives back every place when it breaks off', async () => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const asking = `POST /v1/slow HTTP/1.1\r\nhost: a\r\nauthorization: Bearer good-a\r\ncontent-length: 0\r\n\r\n`;
    socket.write(asking.repeat(3));
    await arrived(3);
    expect((await read('a')).status).toBe(503);
    socket.destroy();
    while ((await read('a')).status !== 200) await turn();
  });
});

describe('P18: who waits for whom', () => {
  /** The order in which requests begin, turn by turn. */
  const turns = (perTurn: number, arrivals: readonly string[]): string[][] => {
    const later: (() => void)[] = [];
    const places = { inAll: 1_000, perCaller: 1_000 };
    const limits = { known: places, strangers: places, watchers: places, operators: places, perTurn };
    const admission = new Admission(limits, (work) => later.push(work));
    const order: string[][] = [[]];
    for (const name of arrivals)
      admission.enter({ kind: 'known', caller: name.slice(0, 1) }, () => order.at(-1)?.push(name));
    for (let work = later.shift(); work; work = later.shift()) {
      order.push([]);
      work();
    }
    return order.filter((begun) => begun.length > 0);
  };

  it('whoever asks once waits for one request of each who asks often, not for all of them', () => {
    expect(turns(2, ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'b1', 'c1', 'c2'])).toEqual([
      ['a1', 'b1'],
      ['c1', 'a2'],
      ['c2', 'a3'],
      ['a4', 'a5'],
      ['a6'],
    ]);
  });

  it('where more than 128 wait turns are half as long, so that who is refused hears of it', () => {
    const sizes = turns(8, Array<string>(200).fill('a')).map(({ length }) => length);
    expect(sizes).toEqual([...Array<number>(18).fill(4), ...Array<number>(16).fill(8)]);
  });

  it('nobody waits while there is room, and every turn has room again', () => {
    expect(turns(8, ['a1', 'a2', 'b1'])).toEqual([['a1', 'b1', 'a2']]);
  });
});
