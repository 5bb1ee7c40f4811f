import { type Ask, type DnsAnswer, type DnsServer, dnsServers, lookUp } from './dns-lookup.ts';
import { agree, readRecord } from './dns-record.ts';
import { readFile } from './https-file.ts';
import { assertCheckable, type DomainProof } from './port.ts';
import { isPublicAddress } from './public-address.ts';

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
    /** One question to one DNS server; there are two tries. Default 1500 ms. */
    readonly dnsMs?: number;
    /** Default 3000 ms. */
    readonly connectMs?: number;
    /** The whole check. Default 5000 ms. */
    readonly totalMs?: number;
  };
}

/** @throws when a DNS server's address cannot be read. */
export const networkProof = (options: NetworkProofOptions = {}): DomainProof => {
  const { timeouts: { dnsMs = 1500, connectMs = 3000, totalMs = 5000 } = {} } = options;
  const servers = dnsServers(options.dnsServers ?? []);
  const named = (options.dnsServers ?? []).length > 0;
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
      const end = AbortSignal.timeout(totalMs);
      const bound = signal ? AbortSignal.any([end, signal]) : end;
      const askAt =
        (server: DnsServer): Ask =>
        (name, type) =>
          lookUp(server, name, type, dnsMs, bound);
      /** The first server that knows. */
      const askAny: Ask = async (name, type) => {
        let answer: DnsAnswer | undefined;
        for (const server of servers) {
          answer = await lookUp(server, name, type, dnsMs, bound);
          if (answer.definite) return answer;
        }
        return answer ?? { values: [], aliases: [], reason: 'resolver_unreachable', definite: false };
      };
      const voices = named ? servers.map(askAt) : [askAny];
      const seen =
        request.method === 'dns_txt'
          ? agree(await Promise.all(voices.map((ask) => readRecord(ask, request))))
          : await readFile(askAny, request, access, bound);
      signal?.throwIfAborted();
      return seen;
    },
  };
};
