import { Resolver } from 'node:dns/promises';
import { agree, readRecord } from './dns-record.ts';
import { readFile } from './https-file.ts';
import { assertCheckable, type DomainProof } from './port.ts';
import { isPublicAddress } from './public-address.ts';
import { observation } from './verdict.ts';

export interface NetworkProofOptions {
  /** `address` or `address:port`. Empty: the system's. Of two or more, two must agree on a record. */
  readonly dnsServers?: readonly string[];
  /** Default 443. */
  readonly httpsPort?: number;
  /** Certificates to trust instead of the system's, PEM. */
  readonly ca?: string;
  /** Default: addresses on the public internet only. */
  readonly allowAddress?: (ip: string) => boolean;
  readonly timeouts?: {
    /** One DNS try; there are two. Default 1500 ms. */
    readonly dnsMs?: number;
    /** Default 3000 ms. */
    readonly connectMs?: number;
    /** The whole check. Default 5000 ms. */
    readonly totalMs?: number;
  };
}

/** @throws when a DNS server's address cannot be read. */
export const networkProof = (options: NetworkProofOptions = {}): DomainProof => {
  const { dnsServers = [], timeouts: { dnsMs = 1500, connectMs = 3000, totalMs = 5000 } = {} } = options;
  /** A new one per check: it keeps no answers, and cancelling it disturbs nobody else. */
  const resolverFor = (servers: readonly string[]): Resolver => {
    const resolver = new Resolver({ timeout: dnsMs, tries: 2, maxTimeout: dnsMs });
    if (servers.length > 0) resolver.setServers(servers);
    return resolver;
  };
  resolverFor(dnsServers);
  const access = {
    port: options.httpsPort ?? 443,
    ca: options.ca,
    allowAddress: options.allowAddress ?? isPublicAddress,
    connectMs,
  };

  return {
    async check(request, signal) {
      assertCheckable(request);
      signal?.throwIfAborted();
      const ending = new AbortController();
      const timer = setTimeout(() => ending.abort(), totalMs);
      const bound = AbortSignal.any(signal ? [ending.signal, signal] : [ending.signal]);
      const voices =
        request.method === 'dns_txt' && dnsServers.length > 0 ? dnsServers.map((one) => [one]) : [dnsServers];
      const resolvers = voices.map(resolverFor);
      const stopped = new Promise<undefined>((resolve) => {
        bound.addEventListener('abort', () => {
          for (const resolver of resolvers) resolver.cancel();
          resolve(undefined);
        });
      });
      const look =
        request.method === 'dns_txt'
          ? Promise.all(resolvers.map((resolver) => readRecord(resolver, request))).then(agree)
          : readFile(resolvers[0]!, request, access, bound);
      try {
        const seen = await Promise.race([look, stopped]);
        signal?.throwIfAborted();
        return seen ?? observation('timeout');
      } finally {
        clearTimeout(timer);
      }
    },
  };
};
