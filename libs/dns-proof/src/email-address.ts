import { canonicalHostName } from './host-name.ts';

export interface EmailAddress {
  /** The local part as typed, the domain in lower-case A-labels. */
  readonly address: string;
  /** Equal for addresses that are one and the same; plus-tags count (ORG-06). */
  readonly canonical: string;
  readonly domain: string;
}

/**
 * Strict addr-spec (RFC 5321): an ASCII dot-atom, `@`, a host name. No quotes, comments, routes, groups, address
 * literals or spaces, so that no two programs can read the same text as two addresses.
 */
export const parseEmailAddress = (input: string): EmailAddress | undefined => {
  const at = input.indexOf('@');
  const local = input.slice(0, at);
  if (at < 1 || local.length > 64 || !dotAtom.test(local)) return undefined;
  const domain = canonicalHostName(input.slice(at + 1))?.ascii;
  if (!domain) return undefined;
  const address = `${local}@${domain}`;
  return address.length > 254 ? undefined : { address, canonical: address.toLowerCase(), domain };
};

const dotAtom = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;
