import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { networkProof, verificationValue } from '#dns-proof';
import { type DnsServer, startDnsServer } from '../servers/dns-server.ts';
import { type HttpsServer, startHttpsServer } from '../servers/https-server.ts';

const token = '0123456789abcdef0123456789abcdef';
const value = verificationValue(token);

/** Loopback, private, link-local, shared, reserved, and what clouds and clusters answer on. */
const ipv4 = `
  127.0.0.1 127.0.0.2 127.0.0.53 127.1.1.1 127.127.127.127 127.255.255.254 127.255.255.255
  0.0.0.0 0.0.0.1 0.1.2.3 0.255.255.255
  10.0.0.0 10.0.0.1 10.0.2.2 10.0.2.3 10.1.1.1 10.10.10.10 10.43.0.1 10.96.0.1 10.96.0.10 10.128.0.1 10.255.255.255
  172.16.0.0 172.16.0.1 172.17.0.1 172.18.0.1 172.20.0.1 172.24.1.1 172.31.0.2 172.31.255.255
  192.168.0.0 192.168.0.1 192.168.1.1 192.168.1.254 192.168.49.2 192.168.65.2 192.168.99.100 192.168.122.1 192.168.255.255
  169.254.0.1 169.254.1.1 169.254.20.10 169.254.169.123 169.254.169.249 169.254.169.253 169.254.169.254 169.254.170.2
  169.254.170.23 169.254.255.255
  100.64.0.0 100.64.0.1 100.100.100.100 100.100.100.200 100.127.255.255
  192.0.0.1 192.0.0.8 192.0.0.170 192.0.0.192 192.0.0.255 192.0.2.0 192.0.2.1 192.0.2.2 192.0.2.255 192.88.99.1
  198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 203.0.113.255
  224.0.0.1 224.0.0.251 232.1.1.1 239.255.255.250 239.255.255.255 240.0.0.1 250.1.1.1 255.0.0.1 255.255.255.254
  255.255.255.255 168.63.129.16
`
  .trim()
  .split(/\s+/);

const ipv6 = `
  :: ::1 ::2 ::7f00:1 ::a00:1 ::a9fe:a9fe ::ffff ::1:0:0 ::ffff:0:7f00:1 ::ffff:0:a00:1
  64:ff9b:1::1 64:ff9b:1::7f00:1 64:ff9b:1:2::a00:1 100::1 100:0:0:1::1
  2001::1 2001:0:7f00:1::1 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2001:db8:ffff::1
  2002:7f00:1:: 2002:a00:1::1 2002:a9fe:a9fe:: 2002:c0a8:101::1 3fff::1 3fff:fff::1 5f00::1
  fc00::1 fc00:ec2::254 fd00::1 fd00:ec2::23 fd00:ec2::254 fd20:ce::254 fd12:3456:789a::1 fdff::1
  fe80::1 fe80::a9fe:a9fe fe80:1::1 febf::1 fec0::1 feff::1 ff01::1 ff02::1 ff02::fb ff05::2 ff0e::1 4000::1 e000::1
`
  .trim()
  .split(/\s+/);

const targets = [...ipv4, ...ipv6];
const publicIpv4 = '93.184.215.14';

/** `::ffff:7f00:1` for 127.0.0.1: the server writes hexadecimal groups only. */
const behind = (prefix: string, address: string): string => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return `${prefix}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
};

interface Addresses {
  readonly A?: string[];
  readonly AAAA?: string[];
}

/** Three ways to hide each target. */
const encodings = (target: string): Addresses[] =>
  target.includes(':')
    ? [{ AAAA: [target] }, { A: [publicIpv4], AAAA: [target] }, { AAAA: ['2606:4700:4700::1111', target] }]
    : [
        { A: [publicIpv4, target] },
        { AAAA: [behind('::ffff:', target)] },
        { AAAA: [behind('64:ff9b::', target)] },
      ];

let dns: DnsServer;
let web: HttpsServer;
/** Set in whatever is done for a look: others in this process dial too. */
const looking = new AsyncLocalStorage<true>();
/** Addresses of every outgoing TCP connection of a look. */
const dialled: string[] = [];
let sockets = 0;
const onSocket = (message: unknown) => {
  if (!looking.getStore()) return;
  sockets++;
  const { socket } = message as { socket: Socket };
  socket.on('connectionAttempt', (address: string) => dialled.push(address));
};

beforeAll(async () => {
  [dns, web] = await Promise.all([startDnsServer(), startHttpsServer()]);
  subscribe('net.client.socket', onSocket);
});
afterAll(async () => {
  unsubscribe('net.client.socket', onSocket);
  await Promise.all([dns.close(), web.close()]);
});
beforeEach(() => {
  dialled.length = 0;
  sockets = 0;
});

const proof = (allowAddress?: (ip: string) => boolean) =>
  networkProof({ dnsServers: [dns.address], httpsPort: web.port, ca: web.ca, allowAddress });

const look = (domain: string, allowAddress?: (ip: string) => boolean) =>
  looking.run(true, () => proof(allowAddress).check({ domain, method: 'https_file', token }));

const publish = (domain: string, { A = [], AAAA = [] }: Addresses) => {
  dns.set(domain, 'A', A);
  dns.set(domain, 'AAAA', AAAA);
  web.site(domain, { body: value });
};

const loopbackOnly = (ip: string) => ip === '127.0.0.1';

describe('P11: the probe turns up what is dialled', () => {
  it('sees one connection to the address that was allowed', async () => {
    publish('control.example', { A: ['127.0.0.1'] });
    const before = web.connections;
    expect((await look('control.example', loopbackOnly)).outcome).toBe('found');
    expect([web.connections - before, sockets, dialled]).toEqual([1, 1, ['127.0.0.1']]);
  });
});

describe('P11: no address inside is ever dialled', () => {
  let before = 0;
  beforeEach(() => {
    before = web.connections;
  });
  afterEach(() => expect([web.connections - before, sockets, dialled]).toEqual([0, 0, []]));

  it('120 targets', () => expect(new Set(targets).size).toBeGreaterThanOrEqual(120));

  it.each([0, 1, 2])('all targets, hidden in way %i', async (way) => {
    const verdicts = await Promise.all(
      targets.map(async (target, index) => {
        const domain = `t-${way}-${index}.example`;
        const hidden = encodings(target)[way];
        if (!hidden) throw new Error('three ways each');
        publish(domain, hidden);
        const { reason, outcome, observed } = await look(domain);
        return [target, reason, outcome, observed.length];
      }),
    );
    expect(verdicts).toEqual(targets.map((target) => [target, 'forbidden_address', 'inconclusive', 0]));
  });

  it('nor through an alias', async () => {
    dns.set('inside.elsewhere.test', 'A', ['169.254.169.254']);
    dns.set('alias.example', 'CNAME', ['inside.elsewhere.test']);
    expect((await look('alias.example')).reason).toBe('forbidden_address');
  });

  it('an address in place of a name is no domain at all', async () => {
    const names = [
      '127.0.0.1',
      '127.1',
      '0x7f.0.0.1',
      '2130706433',
      '[::1]',
      '::1',
      'localhost',
      '0177.0.0.1',
    ];
    for (const name of names) await expect(look(name, () => true)).rejects.toThrow('not canonical');
  });
});

describe('P11: a name that changes its address is dialled where it was checked', () => {
  const inside = targets.filter((target) => target !== '127.0.0.1').slice(0, 60);
  const ipv6Target = (target: string) => target.includes(':');

  it('50 sequences', () => expect(inside.length).toBeGreaterThanOrEqual(50));

  it.each(inside)('first allowed, then %s', async (target) => {
    const domain = `rebind-${target.replace(/[.:]+/g, '-')}x.example`;
    dns.set(domain, 'A', (n) => (n === 0 ? ['127.0.0.1'] : ipv6Target(target) ? [] : [target]));
    dns.set(domain, 'AAAA', (n) => (n > 0 && ipv6Target(target) ? [target] : []));
    web.site(domain, { body: value });

    expect((await look(domain, loopbackOnly)).outcome).toBe('found');
    expect([dns.asked(domain, 'A'), dns.asked(domain, 'AAAA'), dialled]).toEqual([1, 1, ['127.0.0.1']]);

    expect((await look(domain, loopbackOnly)).reason).toBe('forbidden_address');
    expect([sockets, dialled]).toEqual([1, ['127.0.0.1']]);
  });

  it('a redirect inside is not followed', async () => {
    publish('redirect.example', { A: ['127.0.0.1'] });
    web.site('redirect.example', {
      status: 302,
      body: '',
      headers: { location: `https://127.0.0.1:${web.port}/` },
    });
    expect((await look('redirect.example', loopbackOnly)).reason).toBe('redirect');
    expect(sockets).toBe(1);
  });

  it('an environment that sets a proxy and switches certificate checks off changes nothing', async () => {
    publish('proxy.example', { A: ['127.0.0.1'] });
    publish('lax.example', { A: ['127.0.0.1'] });
    web.site('lax.example', { fault: 'untrusted', body: value });
    const options = { dnsServers: [dns.address], httpsPort: web.port, ca: web.ca };
    const script = `
      const { networkProof } = await import('#dns-proof');
      const proof = networkProof({ ...${JSON.stringify(options)}, allowAddress: () => true });
      for (const domain of ['proxy.example', 'lax.example'])
        console.log((await proof.check({ domain, method: 'https_file', token: '${token}' })).reason);`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=orgledger-source', '--input-type=module', '--eval', script],
      {
        env: {
          ...process.env,
          NODE_USE_ENV_PROXY: '1',
          HTTPS_PROXY: 'http://127.0.0.1:9',
          NODE_TLS_REJECT_UNAUTHORIZED: '0',
          NODE_NO_WARNINGS: '1',
        },
      },
    );
    expect(stdout.trim().split('\n')).toEqual(['found', 'tls_error']);
  });
});
