import type { RequestOptions } from 'node:https';
import { isIPv6, type LookupFunction, type TcpSocketConnectOpts } from 'node:net';
import { type Ask, follow } from './dns-lookup.ts';
import { type Observation, type ProofRequest, verificationPath } from './port.ts';
import { judgeBody, judgeStatus, largestFile, observation } from './verdict.ts';

export interface FileAccess {
  readonly port: number;
  readonly ca: string | undefined;
  readonly allowAddress: (ip: string) => boolean;
  /** To the end of the TLS handshake. */
  readonly connectMs: number;
}

/** Resolves once, refuses unless every address is allowed, and dials only those addresses. */
export const readFile = async (
  ask: Ask,
  { domain, token }: ProofRequest,
  access: FileAccess,
  signal: AbortSignal,
): Promise<Observation> => {
  const answers = await Promise.all([follow(ask, domain, 'A'), follow(ask, domain, 'AAAA')]);
  const addresses = answers.flatMap(({ values }) => values);
  const failed = answers.find(({ definite }) => !definite);
  if (addresses.length === 0 && failed) return observation(failed.reason ?? 'dns_error');
  if (addresses.length === 0)
    return observation(answers[0].reason === 'nxdomain' ? 'nxdomain' : 'no_address');
  if (!addresses.every(access.allowAddress)) return observation('forbidden_address');

  const { request } = await import('node:https');
  return new Promise((resolve) => {
    const settle = (verdict: Observation) => {
      clearTimeout(connectTimer);
      resolve(verdict);
      get.destroy();
    };
    const fail = (error: Error) => settle(failure(error));
    const get = request({ ...fixed, ...dialled(domain, addresses, access), signal }, (response) => {
      const refused = judgeStatus(response.statusCode ?? 0);
      if (refused) return settle(refused);
      const encoding = response.headers['content-encoding'] ?? 'identity';
      if (encoding !== 'identity') return settle(observation('compressed', [encoding]));
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('error', fail);
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size > largestFile) settle(observation('too_large', [`more than ${largestFile} bytes`]));
      });
      response.on('end', () => settle(judgeBody(Buffer.concat(chunks).toString('utf8'), token)));
    });
    const connectTimer = setTimeout(() => settle(observation('timeout')), access.connectMs);
    get.on('socket', (socket) => socket.once('secureConnect', () => clearTimeout(connectTimer)));
    get.on('error', fail);
    // Whatever ends without an answer or an error, an upgrade for one.
    get.on('close', () => settle(observation('connection_reset')));
    get.end();
  });
};

/** No redirect is followed, no proxy or pool is used, whatever the environment says. */
const fixed = {
  method: 'GET',
  path: verificationPath,
  agent: false,
  rejectUnauthorized: true,
  minVersion: 'TLSv1.2',
  maxHeaderSize: 8192,
  headers: {
    accept: 'text/html, text/plain',
    'accept-encoding': 'identity',
    'user-agent': 'orgledger-domain-proof',
    connection: 'close',
  },
} satisfies RequestOptions;

/** The name for SNI, Host and the certificate; the addresses that were checked for the connection. */
const dialled = (
  domain: string,
  addresses: readonly string[],
  { port, ca }: FileAccess,
): RequestOptions & Pick<TcpSocketConnectOpts, 'autoSelectFamilyAttemptTimeout'> => {
  const pinned = addresses.slice(0, 3).map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  const lookup: LookupFunction = (_name, { all }, answer) => {
    const [first] = pinned;
    if (all) answer(null, pinned);
    else answer(null, first?.address ?? '', first?.family);
  };
  return { host: domain, servername: domain, port, ca, lookup, autoSelectFamilyAttemptTimeout: 1000 };
};

const failure = (error: NodeJS.ErrnoException): Observation => {
  const code = error.code ?? error.name;
  if (error.name === 'AbortError' || code === 'ETIMEDOUT') return observation('timeout');
  if (/TLS|SSL|CERT|EPROTO|UNABLE_TO/.test(code)) return observation('tls_error', [code]);
  if (code === 'ECONNRESET' || code === 'EPIPE') return observation('connection_reset', [code]);
  if (code.startsWith('HPE_')) return observation('bad_answer', [code]);
  return observation('connection_failed', [code]);
};
