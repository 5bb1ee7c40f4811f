import { canonicalHostName } from './host-name.ts';

export type ProofMethod = 'dns_txt' | 'https_file';

export interface ProofRequest {
  /** Lower-case A-label, as `parseDomainName` answers it. */
  readonly domain: string;
  readonly method: ProofMethod;
  /** At least 128 bits; letters, digits, `-` and `_` only. */
  readonly token: string;
}

/**
 * What one look at a domain showed. Only `missing` may start the clock of a lapse (AMB-10): a definite answer without
 * the value. Whatever is in doubt is `inconclusive`.
 */
export interface Observation {
  readonly outcome: 'found' | 'missing' | 'inconclusive';
  /** snake_case, for people and for metrics: `found`, `nxdomain`, `wrong_value`, `servfail`, `timeout`, `http_404`, … */
  readonly reason: string;
  /** What was seen: at most 10 entries of 200 printable characters. */
  readonly observed: readonly string[];
}

/** Looks once; knows no schedule, no state and no clock. */
export interface DomainProof {
  /** Answers within about 5 s. @throws only the reason of an aborted `signal`. */
  check(request: ProofRequest, signal?: AbortSignal): Promise<Observation>;
}

export const verificationPath = '/.well-known/orgledger-domain-verification.html';

export const recordHost = (domain: string): string => `_orgledger.${domain}`;

/** @throws on a token that could be guessed: that is a bug, never input. */
export const verificationValue = (token: string): string => {
  if (!/^[\w-]{22,128}$/.test(token)) throw new TypeError('a verification token has at least 128 bits');
  return `orgledger-domain-verification=${token}`;
};

/** `ttl` in seconds. */
export const dnsRecord = (
  domain: string,
  token: string,
): { host: string; type: 'TXT'; value: string; ttl: number } => ({
  host: recordHost(domain),
  type: 'TXT',
  value: verificationValue(token),
  ttl: 3600,
});

export const verificationUrl = (domain: string): string => `https://${domain}${verificationPath}`;

/** The file to upload. The bare value alone, as plain text, is accepted too. */
export const verificationFile = (token: string): string =>
  `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Orgledger domain verification</title></head>
<body>${verificationValue(token)}</body>
</html>
`;

/** @throws on what `parseDomainName` would not have let pass; an address here could reach into our own network. */
export const assertCheckable = ({ domain, token }: ProofRequest): void => {
  if (canonicalHostName(domain)?.ascii !== domain)
    throw new TypeError('the domain to check is not canonical');
  verificationValue(token);
};
