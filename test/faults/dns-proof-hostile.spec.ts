import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  networkProof,
  type Observation,
  recordHost,
  verificationFile,
  verificationPath,
  verificationValue,
} from '#dns-proof';
import { type DnsFault, type DnsServer, type RecordValue, startDnsServer } from '../servers/dns-server.ts';
import { type HttpsServer, type Site, startHttpsServer } from '../servers/https-server.ts';

const token = '0123456789abcdef0123456789abcdef';
const value = verificationValue(token);
const wrong = verificationValue('f'.repeat(32));

let first: DnsServer;
let second: DnsServer;
let third: DnsServer;
let web: HttpsServer;

beforeAll(async () => {
  [first, second, third, web] = await Promise.all([
    startDnsServer(),
    startDnsServer(),
    startDnsServer(),
    startHttpsServer(),
  ]);
});
afterAll(() => Promise.all([first, second, third, web].map((server) => server.close())));

const timeouts = { dnsMs: 600, connectMs: 1800, totalMs: 2400 };
const proofWith = (servers: DnsServer[]) =>
  networkProof({
    dnsServers: servers.map(({ address }) => address),
    httpsPort: web.port,
    ca: web.ca,
    allowAddress: (ip) => ip === '127.0.0.1',
    timeouts,
  });

interface Case {
  readonly title: string;
  readonly arrange: (domain: string) => void;
  readonly servers?: () => DnsServer[];
  readonly expected: string;
}

/** Several at once, as most of them wait for something that does not come; not all, or the good ones are late too. */
const suite = (method: 'dns_txt' | 'https_file', cases: readonly Case[]): void => {
  const seen: Observation[] = [];
  beforeAll(async () => {
    const queue = cases.entries();
    const work = async () => {
      for (const [index, { arrange, servers = () => [first] }] of queue) {
        const domain = `${method.replace('_', '-')}-${index}.example`;
        arrange(domain);
        seen[index] = await proofWith(servers()).check({ domain, method, token });
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
  });
  it.each(cases.map(({ title, expected }, index) => [title, expected, index] as const))(
    '%s: %s',
    (_title, expected, index) => {
      expect(`${seen[index]?.outcome} ${seen[index]?.reason}`).toBe(expected);
    },
  );
};

const faults: [DnsFault, string][] = [
  ['servfail', 'inconclusive servfail'],
  ['nxdomain', 'missing nxdomain'],
  ['refused', 'inconclusive refused'],
  ['formerr', 'inconclusive bad_answer'],
  ['notimp', 'inconclusive not_implemented'],
  ['notauth', 'inconclusive rcode_9'],
  ['badvers', 'inconclusive rcode_16'],
  ['empty', 'missing no_record'],
  ['servfail_with_answer', 'inconclusive servfail'],
  ['timeout', 'inconclusive timeout'],
  ['timeout_over_tcp', 'inconclusive timeout'],
  ['truncate', 'found found'],
  ['truncate_and_close', 'inconclusive bad_answer'],
  ['truncate_and_cut', 'inconclusive bad_answer'],
  ['wrong_id', 'inconclusive timeout'],
  ['wrong_question', 'inconclusive timeout'],
  ['wrong_name', 'inconclusive bad_answer'],
  ['wrong_class', 'inconclusive bad_answer'],
  ['wrong_type', 'inconclusive bad_answer'],
  ['not_a_response', 'inconclusive timeout'],
  ['garbage', 'inconclusive timeout'],
  ['header_only', 'inconclusive bad_answer'],
  ['half_header', 'inconclusive timeout'],
  ['count_too_high', 'inconclusive bad_answer'],
  ['pointer_loop', 'inconclusive bad_answer'],
  ['pointer_ahead', 'inconclusive bad_answer'],
  ['label_overrun', 'inconclusive bad_answer'],
  ['string_overrun', 'inconclusive bad_answer'],
  ['repeated', 'found found'],
  ['spoof_then_answer', 'found found'],
];

const filler = (count: number, length = 40): string[] =>
  Array.from({ length: count }, (_, n) => `${n} `.padEnd(length, 'x'));

const records: [string, RecordValue[], string][] = [
  ['no records', [], 'missing no_record'],
  ['100 records, the last is the value', [...filler(99), value], 'found found'],
  ['100 records without the value', filler(100), 'missing wrong_value'],
  ['60 KiB of records and the value', [...filler(30, 2000), value], 'found found'],
  ['one record of 60 KiB', ['x'.repeat(60_000)], 'missing wrong_value'],
  ['the value in three strings', [[value.slice(0, 5), value.slice(5, 30), value.slice(30)]], 'found found'],
  ['the value in single characters', [[...value]], 'found found'],
  ['the value in two records', [value.slice(0, 30), value.slice(30)], 'missing wrong_value'],
  ['the value in quotes', [`"${value}"`], 'missing wrong_value'],
  ['the value after a blank', [` ${value}`], 'missing wrong_value'],
  ['the value and a NUL', [`${value}\0`], 'missing wrong_value'],
  ['the value and a line end', [`${value}\n`], 'missing wrong_value'],
  ['the value twice in one record', [`${value}${value}`], 'missing wrong_value'],
  ['an empty string', [''], 'missing wrong_value'],
  ['a former owner’s value', [wrong], 'missing wrong_value'],
  ['a former owner’s value beside the value', [wrong, value], 'found found'],
];

const aliases: Case[] = [
  {
    title: 'an alias below the same domain',
    arrange: (domain) => {
      first.set(recordHost(domain), 'CNAME', [`proof.${domain}`]);
      first.set(`proof.${domain}`, 'TXT', [value]);
    },
    expected: 'found found',
  },
  {
    title: 'an alias to somebody else, who has the value',
    arrange: (domain) => {
      first.set(recordHost(domain), 'CNAME', ['proof.elsewhere.test']);
      first.set('proof.elsewhere.test', 'TXT', [value]);
    },
    expected: 'missing alias_outside',
  },
  {
    title: 'an alias out and back in',
    arrange: (domain) => {
      first.set(recordHost(domain), 'CNAME', [`hop-${domain.replace('.', '-')}.elsewhere.test`]);
      first.set(`hop-${domain.replace('.', '-')}.elsewhere.test`, 'CNAME', [`proof.${domain}`]);
      first.set(`proof.${domain}`, 'TXT', [value]);
    },
    expected: 'missing alias_outside',
  },
  {
    title: 'an alias to a name that only ends alike',
    arrange: (domain) => {
      first.set(recordHost(domain), 'CNAME', [`not-${domain}`]);
      first.set(`not-${domain}`, 'TXT', [value]);
    },
    expected: 'missing alias_outside',
  },
  {
    title: 'an alias to itself',
    arrange: (domain) => first.set(recordHost(domain), 'CNAME', [recordHost(domain)]),
    expected: 'inconclusive alias_loop',
  },
  {
    title: 'two aliases in a circle',
    arrange: (domain) => {
      first.set(recordHost(domain), 'CNAME', [`b.${domain}`]);
      first.set(`b.${domain}`, 'CNAME', [recordHost(domain)]);
    },
    expected: 'inconclusive alias_loop',
  },
  {
    title: 'an alias without end',
    arrange: (domain) => {
      first.set(recordHost(domain), 'CNAME', [`0.${domain}`]);
      for (let n = 0; n < 60; n++) first.set(`${n}.${domain}`, 'CNAME', [`${n + 1}.${domain}`]);
    },
    expected: 'inconclusive alias_loop',
  },
  {
    title: 'an alias to nothing',
    arrange: (domain) => first.set(recordHost(domain), 'CNAME', [`nothing.${domain}`]),
    expected: 'missing nxdomain',
  },
  {
    title: 'a wildcard with another value',
    arrange: (domain) => first.set(`*.${domain}`, 'TXT', [wrong, 'v=spf1 -all']),
    expected: 'missing wrong_value',
  },
  {
    title: 'a wildcard alias to a parking page',
    arrange: (domain) => {
      first.set(`*.${domain}`, 'CNAME', ['parking.elsewhere.test']);
      first.set('parking.elsewhere.test', 'A', ['127.0.0.1']);
    },
    expected: 'missing alias_outside',
  },
  {
    title: 'the value at the domain itself',
    arrange: (domain) => first.set(domain, 'TXT', [value]),
    expected: 'missing nxdomain',
  },
];

/** What each of several resolvers says: y the value, n no record, f failing, t silent. */
const voices: [string, string][] = [
  ['yy', 'found found'],
  ['nn', 'missing no_record'],
  ['yn', 'inconclusive split_answer'],
  ['ny', 'inconclusive split_answer'],
  ['yf', 'inconclusive servfail'],
  ['nf', 'inconclusive servfail'],
  ['yt', 'inconclusive timeout'],
  ['tn', 'inconclusive timeout'],
  ['ft', 'inconclusive servfail'],
  ['yyy', 'found found'],
  ['yyf', 'found found'],
  ['nft', 'inconclusive servfail'],
  ['tnn', 'missing no_record'],
  ['yyn', 'inconclusive split_answer'],
];

describe('P11, AMB-10: DNS that is broken or hostile', () => {
  const cases: Case[] = [
    ...faults.map(([fault, expected]) => ({
      title: fault,
      arrange: (domain: string) => {
        first.set(recordHost(domain), 'TXT', [value]);
        first.fault(recordHost(domain), fault);
      },
      expected,
    })),
    ...records.map(([title, values, expected]) => ({
      title,
      arrange: (domain: string) => first.set(recordHost(domain), 'TXT', values),
      expected,
    })),
    ...aliases,
    ...voices.map(([said, expected]) => ({
      title: `resolvers say ${said}`,
      servers: () => [first, second, third].slice(0, said.length),
      arrange: (domain: string) =>
        [...said].forEach((word, index) => {
          const server = [first, second, third][index] as DnsServer;
          server.set(recordHost(domain), 'TXT', word === 'y' ? [value] : []);
          if (word === 'f') server.fault(recordHost(domain), 'servfail');
          if (word === 't') server.fault(recordHost(domain), 'timeout');
        }),
      expected,
    })),
  ];
  it('at least 70 of them', () => expect(cases.length).toBeGreaterThanOrEqual(70));
  suite('dns_txt', cases);
});

const answers: [string, Site, string][] = [
  ['wrong_host', 'tls_error'],
  ['expired', 'tls_error'],
  ['not_yet_valid', 'tls_error'],
  ['untrusted', 'tls_error'],
  ['handshake_reset', 'connection_reset'],
  ['handshake_stall', 'timeout'],
  ['no_answer', 'timeout'],
  ['reset', 'connection_reset'],
  ['close', 'connection_reset'],
  ['slow_headers', 'timeout'],
  ['slow_body', 'timeout'],
  ['endless_body', 'timeout'],
  ['reset_in_body', 'connection_reset'],
  ['short_body', 'connection_reset'],
  ['endless_headers', 'bad_answer'],
  ['gzip', 'compressed'],
  ['gzip_bomb', 'compressed'],
  ['deflate', 'compressed'],
  ['brotli', 'compressed'],
].map(([fault, reason]) => [`${fault}`, { fault, body: value } as Site, `inconclusive ${reason}`]);

const statuses: [string, Site, string][] = [
  ...[300, 301, 302, 303, 305, 307, 308].map((status): [string, Site, string] => [
    `HTTP ${status} to a page with the value`,
    { status, body: value, headers: { location: `https://elsewhere.test${verificationPath}` } },
    'missing redirect',
  ]),
  ...[404, 410].map((status): [string, Site, string] => [
    `HTTP ${status} with the value`,
    { status, body: value },
    `missing http_${status}`,
  ]),
  ...[
    201, 202, 203, 206, 304, 400, 401, 403, 405, 408, 418, 421, 425, 429, 451, 500, 501, 502, 503, 504, 599,
  ].map((status): [string, Site, string] => [
    `HTTP ${status} with the value`,
    { status, body: value },
    `inconclusive http_${status}`,
  ]),
];

const page = verificationFile(token);
const bodies: [string, Site, string][] = [
  ['the file', { body: page }, 'found found'],
  ['the file after a byte order mark', { body: `\ufeff${page}` }, 'found found'],
  ['plain text', { body: value, headers: { 'content-type': 'text/plain' } }, 'found found'],
  ['another value', { body: wrong }, 'missing wrong_body'],
  ['the token alone', { body: token }, 'missing wrong_body'],
  ['a page around the value', { body: `<html><body>${value}</body></html>` }, 'missing wrong_body'],
  ['the value in a comment', { body: `${page}<!-- ${value} -->` }, 'missing wrong_body'],
  ['two values', { body: `${wrong}\n${value}` }, 'missing wrong_body'],
  ['the value in UTF-16', { body: [...value].join('\0') }, 'missing wrong_body'],
  ['the value and a NUL', { body: `${value}\0` }, 'missing wrong_body'],
  ['an empty page', { body: '' }, 'missing wrong_body'],
  [
    'a refresh to the value',
    { body: '<meta http-equiv="refresh" content="0;url=/v">' },
    'missing wrong_body',
  ],
  ['the value in 4 KiB of blanks', { body: value.padEnd(4096) }, 'found found'],
  ['one byte more', { body: value.padEnd(4097) }, 'missing too_large'],
  ['a megabyte', { fault: 'huge', body: value }, 'missing too_large'],
  ['a megabyte in chunks', { fault: 'huge_chunked', body: value }, 'missing too_large'],
  ['a redirect to itself', { fault: 'redirect_loop', body: value }, 'missing redirect'],
  ['no HTTP', { raw: '220 smtp.example ESMTP\r\n' }, 'inconclusive bad_answer'],
  ['a broken status line', { raw: 'HTTP/1.1 OK\r\n\r\n' }, 'inconclusive bad_answer'],
  [
    'two lengths',
    { raw: `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n${value}` },
    'inconclusive bad_answer',
  ],
  [
    'length and chunks',
    { raw: `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n` },
    'inconclusive bad_answer',
  ],
  [
    'a negative length',
    { raw: `HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n${value}` },
    'inconclusive bad_answer',
  ],
  [
    'a broken chunk',
    { raw: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n${value}` },
    'inconclusive bad_answer',
  ],
  [
    'an upgrade',
    { raw: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n' },
    'inconclusive connection_reset',
  ],
];

describe('P11, AMB-10: web servers that are broken or hostile', () => {
  const cases: Case[] = [...answers, ...statuses, ...bodies].map(([title, site, expected]) => ({
    title,
    arrange: (domain: string) => {
      first.set(domain, 'A', ['127.0.0.1']);
      web.site(domain, site);
    },
    expected,
  }));
  it('at least 70 of them', () => expect(cases.length).toBeGreaterThanOrEqual(70));
  suite('https_file', cases);

  it('asked for nothing but the one path, at the one host, by GET', () => {
    expect(web.requests.length).toBeGreaterThanOrEqual(60);
    for (const { host, method, path } of web.requests)
      expect([/^https-file-\d+\.example$/.test(host), method, path]).toEqual([true, 'GET', verificationPath]);
  });
});

describe('P11: nobody is kept waiting', () => {
  it('a host that drips its answer and a resolver that is silent cost 5 s at most', async () => {
    first.set('drip.example', 'A', ['127.0.0.1']);
    web.site('drip.example', { fault: 'slow_body', body: value });
    first.set('silent.example', 'A', []);
    first.fault('silent.example', 'timeout');
    const patient = networkProof({
      dnsServers: [first.address],
      httpsPort: web.port,
      ca: web.ca,
      allowAddress: () => true,
    });
    const start = performance.now();
    const seen = await Promise.all(
      ['drip.example', 'silent.example'].map((domain) =>
        patient.check({ domain, method: 'https_file', token }),
      ),
    );
    expect(performance.now() - start).toBeLessThan(5800);
    expect(seen.map(({ reason }) => reason)).toEqual(['timeout', 'timeout']);
  });

  it('a caller who gives up is answered at once', async () => {
    first.fault(recordHost('silent.example'), 'timeout');
    const giveUp = new AbortController();
    const check = networkProof({ dnsServers: [first.address] }).check(
      { domain: 'silent.example', method: 'dns_txt', token },
      giveUp.signal,
    );
    giveUp.abort(new Error('enough'));
    await expect(check).rejects.toThrow('enough');
  });
});
