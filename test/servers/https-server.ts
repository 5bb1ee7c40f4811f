import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { generate } from 'selfsigned';

/** What a host does with a request; `raw` is written to the connection as it stands. */
export type Site =
  | { readonly body: string; readonly status?: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly raw: string }
  | {
      readonly fault: /** In the handshake. */
        | 'wrong_host'
        | 'expired'
        | 'not_yet_valid'
        | 'untrusted'
        | 'handshake_reset'
        | 'handshake_stall'
        /** Instead of a response. */
        | 'no_answer'
        | 'reset'
        | 'close'
        /** Within a response. */
        | 'slow_headers'
        | 'slow_body'
        | 'reset_in_body'
        | 'short_body'
        | 'endless_body'
        | 'endless_headers'
        | 'huge'
        | 'huge_chunked'
        | 'gzip'
        | 'gzip_bomb'
        | 'deflate'
        | 'brotli'
        | 'redirect_loop';
      /** What the value would be, had nothing gone wrong. */
      readonly body?: string;
    };

export interface HttpsServer {
  readonly port: number;
  /** PEM of the authority that signed the certificates of well-behaved hosts. */
  readonly ca: string;
  /** TCP connections accepted. */
  readonly connections: number;
  /** Request lines and Host headers received, oldest first. */
  readonly requests: readonly { readonly host: string; readonly method: string; readonly path: string }[];
  /** `path` undefined: every path. Unknown paths answer 404. */
  site(host: string, site: Site, path?: string): void;
  close(): Promise<void>;
}

const day = 86_400_000;
const elliptic = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

/** Answers on 127.0.0.1, for any host by SNI, with a certificate made for it. */
export const startHttpsServer = async (): Promise<HttpsServer> => {
  const authority = await generateAuthority();
  const stranger = await generateAuthority();
  const sites = new Map<string, { site: Site; path: string | undefined }>();
  const contexts = new Map<string, Promise<SecureContext>>();
  const requests: { host: string; method: string; path: string }[] = [];
  const open = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  let connections = 0;

  const faultOf = (host: string): string => {
    const site = sites.get(host)?.site;
    return site && 'fault' in site ? site.fault : '';
  };
  const contextFor = (host: string, fault: string): Promise<SecureContext> => {
    const key = `${fault} ${host}`;
    const known = contexts.get(key) ?? certify(host, fault, fault === 'untrusted' ? stranger : authority);
    contexts.set(key, known);
    return known;
  };

  const server = createServer(
    {
      SNICallback: (name, done) => {
        const fault = faultOf(name);
        if (fault === 'handshake_stall') return;
        if (fault === 'handshake_reset') return done(new Error('no'));
        contextFor(name, handshakeFaults.has(fault) ? fault : '').then(
          (context) => done(null, context),
          (error) => done(error),
        );
      },
    },
    (request, response) => {
      const host = (request.headers.host ?? '').replace(/:\d+$/, '');
      requests.push({ host, method: request.method ?? '', path: request.url ?? '' });
      const { site, path } = sites.get(host) ?? {};
      if (!site || (path !== undefined && path !== request.url)) {
        response.writeHead(404).end('nothing here');
      } else if ('fault' in site) {
        const reset = () => {
          const raw = [...open].find(({ remotePort }) => remotePort === request.socket.remotePort);
          raw?.resetAndDestroy();
        };
        misbehave(site.fault, site.body ?? '', response, reset, (timer) => timers.add(timer));
      } else if ('raw' in site) {
        response.socket?.end(site.raw);
      } else {
        response
          .writeHead(site.status ?? 200, { 'content-type': 'text/html', ...site.headers })
          .end(site.body);
      }
    },
  );
  server.on('connection', (socket: Socket) => {
    connections++;
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    ca: authority.cert,
    get connections() {
      return connections;
    },
    requests,
    site: (host, site, path) => void sites.set(host, { site, path }),
    close: async () => {
      for (const timer of timers) clearInterval(timer);
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
};

const handshakeFaults = new Set(['wrong_host', 'expired', 'not_yet_valid', 'untrusted']);

const generateAuthority = () =>
  generate([{ name: 'commonName', value: 'Orgledger test authority' }], {
    ...elliptic,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });

const certify = async (
  host: string,
  fault: string,
  authority: { private: string; cert: string },
): Promise<SecureContext> => {
  const name = fault === 'wrong_host' ? 'elsewhere.example' : host;
  const start = fault === 'expired' ? -9 : fault === 'not_yet_valid' ? 5 : -1;
  const { private: key, cert } = await generate([{ name: 'commonName', value: name.slice(0, 60) }], {
    ...elliptic,
    notBeforeDate: new Date(Date.now() + start * day),
    notAfterDate: new Date(Date.now() + (start + 7) * day),
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
    ],
  });
  return createSecureContext({ key, cert });
};

type Fault = Extract<Site, { fault: string }>['fault'];

const misbehave = (
  fault: Fault,
  body: string,
  response: ServerResponse,
  reset: () => void,
  keep: (timer: NodeJS.Timeout) => void,
): void => {
  const socket = response.socket as Socket;
  const drip = (chunk: string) => keep(setInterval(() => socket.destroyed || socket.write(chunk), 20));
  const headers = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n';
  switch (fault) {
    case 'no_answer':
      return;
    case 'reset':
      reset();
      return;
    case 'close':
      socket.end();
      return;
    case 'slow_headers':
      socket.write('HTTP/1.1 200 OK\r\nX-Slow: ');
      drip('.');
      return;
    case 'endless_headers':
      socket.write('HTTP/1.1 200 OK\r\n');
      drip(`X-${'n'.repeat(500)}: 1\r\n`.repeat(10));
      return;
    case 'slow_body':
      socket.write(`${headers}Content-Length: 4000\r\n\r\n`);
      drip(' ');
      return;
    case 'endless_body':
      socket.write(`${headers}\r\n`);
      drip('         \n');
      return;
    case 'reset_in_body':
      socket.write(`${headers}Content-Length: ${body.length + 1}\r\n\r\n${body}`, () => reset());
      return;
    case 'short_body':
      socket.end(`${headers}Content-Length: ${body.length + 1}\r\n\r\n${body}`);
      return;
    case 'huge':
      response.writeHead(200).end(body + ' '.repeat(1_000_000));
      return;
    case 'huge_chunked':
      response.writeHead(200);
      for (let i = 0; i < 100; i++) response.write(' '.repeat(10_000));
      response.end(body);
      return;
    case 'gzip':
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body));
      return;
    case 'gzip_bomb':
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(10_000_000)));
      return;
    case 'deflate':
    case 'brotli':
      response.writeHead(200, { 'content-encoding': fault === 'brotli' ? 'br' : fault }).end(body);
      return;
    case 'redirect_loop':
      response.writeHead(302, { location: response.req.url ?? '/' }).end(body);
      return;
    default:
      response.writeHead(200).end(body);
  }
};
