import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { parse } from 'tldts';
import { type Refusal, refuse } from '#kernel';
import { commonDomains, imitatedDomains, isCommonDomain } from './common-domains.ts';
import { canonicalHostName } from './host-name.ts';
import { skeleton } from './look-alikes.ts';

export interface DomainName {
  /** Lower-case A-label: what is stored and compared, exactly (DOM-07). */
  readonly domain: string;
  /** For people. */
  readonly unicode: string;
  /** For comparing with the verified domains of others (P11). */
  readonly skeleton: string;
}

/** Reads a domain as a person types it: bare, registrable or below (DOM-04, DOM-05, P11). */
export const parseDomainName = (input: string): DomainName | Refusal => {
  if (/[\s\p{Cc}]/u.test(input)) return invalid('A domain has no spaces or control characters.');
  if (/^[.\u3002\uff0e\uff61]/.test(input)) return invalid('A domain does not begin with a dot.');
  if (isIP(input.replace(/^\[|\]$/g, '')) !== 0) return invalid(address);
  if (/[/:@?#]|^\*\./.test(input.normalize('NFKC'))) return bareRequired;

  const relative = input.replace(/[.\u3002\uff0e\uff61]$/, '');
  const name = canonicalHostName(relative);
  if (!name) return singleLabel(relative);
  const { ascii: domain, unicode } = name;
  const { domain: registrable, domainWithoutSuffix: brand, isIcann, publicSuffix } = suffixOf(domain);

  if (!registrable) return publicSuffixRefused(domain);
  if (domain.startsWith('www.') && domain !== registrable) return bareRequired;
  if (specialUse.has(publicSuffix?.split('.').at(-1) ?? '') || domain.endsWith('.alt'))
    return invalid(`Names under .${domain.split('.').at(-1)} are not on the public internet.`);
  if (isIcann && isCommonDomain(registrable, brand ?? '')) return commonRefused(registrable);
  const imitated = (registrable.includes('xn--') ? commonShapes : imitatedShapes).get(skeleton(registrable));
  if (imitated && imitated !== registrable) return invalid(`This domain can be mistaken for ${imitated}.`);
  return { domain, unicode, skeleton: skeleton(domain) };
};

/** The registrable part of a canonical host name, e.g. `corporate.co.uk`; itself where there is none. */
export const registrableDomain = (domain: string): string => suffixOf(domain).domain ?? domain;

const suffixOf = (domain: string) =>
  parse(domain, { allowPrivateDomains: true, extractHostname: false, validateHostname: false });

const invalid = (sentence: string): Refusal => refuse('invalid', 'domain_invalid', sentence);

const address = 'An address is not a domain; enter a name such as corporate.com.';

const bareRequired = refuse(
  'invalid',
  'bare_domain_required',
  'Enter the bare domain, such as corporate.com: without www, scheme, port, path or user.',
);

const publicSuffixRefused = (domain: string): Refusal =>
  refuse('invalid', 'public_suffix', `Anyone can register names under ${domain}; enter your own domain.`);

const commonRefused = (domain: string): Refusal =>
  refuse('invalid', 'common_domain', `${domain} is a public mail provider and cannot be claimed.`);

const singleLabel = (name: string): Refusal => {
  const ascii = /^(?:[\w-]|[^\0-\x7f]){1,63}$/.test(name) ? domainToASCII(name) : '';
  return ascii && suffixOf(ascii).isIcann
    ? publicSuffixRefused(ascii)
    : invalid('This is not a valid domain name; enter one such as corporate.com.');
};

/** Top-level names that no public resolver answers. `.test` and `.example` stay, for sandboxes (RFC 6761). */
const specialUse = new Set(
  'alt arpa corp home internal intranet invalid lan local localdomain localhost mail onion private'.split(
    ' ',
  ),
);

const shapesOf = (domains: readonly string[]) => new Map(domains.map((domain) => [skeleton(domain), domain]));
const commonShapes = shapesOf(commonDomains);
const imitatedShapes = shapesOf(imitatedDomains);
