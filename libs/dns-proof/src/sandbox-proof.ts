import { assertCheckable, type DomainProof, recordHost, verificationPath } from './port.ts';
import { judgeBody, judgeRecords, largestFile, observation } from './verdict.ts';

/** An internet that can be written to (api.md, `/sandbox/dns` and `/sandbox/https`). Names in lower-case A-labels. */
export interface SandboxZone {
  /** TXT records of a name; undefined: the name does not exist. */
  record(name: string): Promise<{ values?: readonly string[]; fault?: 'servfail' | 'timeout' } | undefined>;
  /** A web server with one file; undefined: the name does not exist. */
  host(
    name: string,
  ): Promise<{ path?: string; content?: string; fault?: 'tls' | 'timeout' | 'error_500' } | undefined>;
}

/** Answers like `networkProof`, at once. */
export const sandboxProof = (zone: SandboxZone): DomainProof => ({
  async check(request, signal) {
    assertCheckable(request);
    signal?.throwIfAborted();
    if (request.method === 'dns_txt') {
      const record = await zone.record(recordHost(request.domain));
      if (!record) return observation('nxdomain');
      return record.fault ? observation(record.fault) : judgeRecords(record.values ?? [], request.token);
    }
    const host = await zone.host(request.domain);
    if (!host) return observation('nxdomain');
    if (host.fault) return observation(faults[host.fault]);
    if (host.path !== verificationPath || host.content === undefined)
      return observation('http_404', ['HTTP 404']);
    if (Buffer.byteLength(host.content) > largestFile)
      return observation('too_large', [`more than ${largestFile} bytes`]);
    return judgeBody(host.content, request.token);
  },
});

const faults = { tls: 'tls_error', timeout: 'timeout', error_500: 'http_500' } as const;
