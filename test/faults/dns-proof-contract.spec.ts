import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type DomainProof,
  networkProof,
  recordHost,
  type SandboxZone,
  sandboxProof,
  verificationFile,
  verificationPath,
  verificationValue,
} from '#dns-proof';
import { type DnsServer, startDnsServer } from '../servers/dns-server.ts';
import { type HttpsServer, startHttpsServer } from '../servers/https-server.ts';

type Record = Exclude<Awaited<ReturnType<SandboxZone['record']>>, undefined>;
type Host = Exclude<Awaited<ReturnType<SandboxZone['host']>>, undefined>;

/** A proof and the internet it looks at. */
interface World {
  readonly proof: DomainProof;
  /** Gives up soon: for what does not answer. */
  readonly hasty: DomainProof;
  record(domain: string, record: Record): void;
  host(domain: string, host: Host): void;
  close(): Promise<void>;
}

const token = '0123456789abcdef0123456789abcdef';
const value = verificationValue(token);
const other = verificationValue('f'.repeat(32));

const sandbox = async (): Promise<World> => {
  const records = new Map<string, Record>();
  const hosts = new Map<string, Host>();
  const proof = sandboxProof({
    record: async (name) => records.get(name),
    host: async (name) => hosts.get(name),
  });
  return {
    proof,
    hasty: proof,
    record: (domain, record) => void records.set(recordHost(domain), record),
    host: (domain, host) => void hosts.set(domain, host),
    close: async () => {},
  };
};

const network = async (): Promise<World> => {
  const dns: DnsServer = await startDnsServer();
  const web: HttpsServer = await startHttpsServer();
  const within = (dnsMs: number, totalMs: number): DomainProof =>
    networkProof({
      dnsServers: [dns.address],
      httpsPort: web.port,
      ca: web.ca,
      allowAddress: (ip) => ip === '127.0.0.1',
      timeouts: { dnsMs, connectMs: totalMs, totalMs },
    });
  return {
    proof: within(5_000, 10_000),
    hasty: within(300, 1_500),
    record: (domain, { values, fault }) => {
      dns.set(recordHost(domain), 'TXT', values ?? []);
      if (fault) dns.fault(recordHost(domain), fault);
    },
    host: (domain, { path, content, fault }) => {
      dns.set(domain, 'A', ['127.0.0.1']);
      if (fault === 'tls') web.site(domain, { fault: 'untrusted', body: value });
      else if (fault === 'timeout') web.site(domain, { fault: 'no_answer' });
      else if (fault === 'error_500') web.site(domain, { status: 500, body: value });
      else if (content !== undefined) web.site(domain, { body: content }, path ?? '/elsewhere');
    },
    close: async () => {
      await Promise.all([dns.close(), web.close()]);
    },
  };
};

const records: [string, Record | undefined, string, string][] = [
  ['the value', { values: [value] }, 'found', 'found'],
  ['the value among others', { values: ['v=spf1 -all', other, value] }, 'found', 'found'],
  ['nothing of that name', undefined, 'missing', 'nxdomain'],
  ['no record', { values: [] }, 'missing', 'no_record'],
  ['another value', { values: [other] }, 'missing', 'wrong_value'],
  ['the bare token', { values: [token] }, 'missing', 'wrong_value'],
  ['the value and more', { values: [`${value} `] }, 'missing', 'wrong_value'],
  ['the value in capitals', { values: [value.toUpperCase()] }, 'missing', 'wrong_value'],
  ['a failing server', { values: [value], fault: 'servfail' }, 'inconclusive', 'servfail'],
  ['a silent server', { values: [value], fault: 'timeout' }, 'inconclusive', 'timeout'],
];

const path = verificationPath;
const hosts: [string, Host | undefined, string, string][] = [
  ['the file', { path, content: verificationFile(token) }, 'found', 'found'],
  [
    'the file with other line ends',
    { path, content: verificationFile(token).replaceAll('\n', '\r\n') },
    'found',
    'found',
  ],
  ['the bare value', { path, content: `\n${value}\n` }, 'found', 'found'],
  ['no host of that name', undefined, 'missing', 'nxdomain'],
  ['a host without the file', {}, 'missing', 'http_404'],
  [
    'the file elsewhere',
    { path: '/verification.html', content: verificationFile(token) },
    'missing',
    'http_404',
  ],
  ['another token’s file', { path, content: verificationFile('f'.repeat(32)) }, 'missing', 'wrong_body'],
  ['an empty file', { path, content: '' }, 'missing', 'wrong_body'],
  ['a page that repeats the value', { path, content: `<p>You sent ${value}</p>` }, 'missing', 'wrong_body'],
  ['more than 4 KiB', { path, content: value + ' '.repeat(5000) }, 'missing', 'too_large'],
  ['a bad certificate', { path, content: value, fault: 'tls' }, 'inconclusive', 'tls_error'],
  ['a silent host', { path, content: value, fault: 'timeout' }, 'inconclusive', 'timeout'],
  ['a broken host', { path, content: value, fault: 'error_500' }, 'inconclusive', 'http_500'],
];

describe.each([
  ['the sandbox', sandbox],
  ['the network', network],
])('AMB-10: %s tells missing from inconclusive', (_name, start) => {
  let world: World;
  beforeAll(async () => {
    world = await start();
  });
  afterAll(() => world.close());

  it.each(records.map((row, index) => [index, ...row] as const))(
    'record %i: %s',
    async (index, _what, record, outcome, reason) => {
      const domain = `record-${index}.example`;
      if (record) world.record(domain, record);
      const proof = record?.fault === 'timeout' ? world.hasty : world.proof;
      expect(await proof.check({ domain, method: 'dns_txt', token })).toMatchObject({
        outcome,
        reason,
      });
    },
  );

  it.each(hosts.map((row, index) => [index, ...row] as const))(
    'file %i: %s',
    async (index, _what, host, outcome, reason) => {
      const domain = `host-${index}.example`;
      if (host) world.host(domain, host);
      const proof = host?.fault === 'timeout' ? world.hasty : world.proof;
      expect(await proof.check({ domain, method: 'https_file', token })).toMatchObject({
        outcome,
        reason,
      });
    },
  );

  it('DOM-07: a record of the parent proves nothing below, nor the other way round', async () => {
    world.record('parent.example', { values: [value] });
    world.record('stage.other.example', { values: [value] });
    for (const domain of ['stage.parent.example', 'other.example'])
      expect((await world.proof.check({ domain, method: 'dns_txt', token })).outcome).toBe('missing');
  });

  it('what was seen is cut and printable', async () => {
    const values = Array.from({ length: 30 }, (_, n) => `${n}\u0007\u001b[31m${'x'.repeat(250)}`);
    world.record('loud.example', { values });
    const { observed } = await world.proof.check({ domain: 'loud.example', method: 'dns_txt', token });
    expect(observed).toHaveLength(10);
    for (const entry of observed) expect(entry).toMatch(/^[\x20-\x7e\xa1-\xff]{200}$/);
  });

  it('a caller who gives up gets that reason; a domain or token that is none is a bug', async () => {
    const request = { domain: 'record-0.example', method: 'dns_txt', token } as const;
    await expect(world.proof.check(request, AbortSignal.abort(new Error('enough')))).rejects.toThrow(
      'enough',
    );
    for (const domain of [
      '127.0.0.1',
      'localhost',
      'Corporate.com',
      'corporate.com.',
      'a.com/x',
      '[::1]',
      '',
    ])
      await expect(world.proof.check({ ...request, domain })).rejects.toThrow('not canonical');
    await expect(world.proof.check({ ...request, token: '' })).rejects.toThrow('128 bits');
  });
});
