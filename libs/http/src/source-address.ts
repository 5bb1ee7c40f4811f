import ipaddr from 'ipaddr.js';
import { RecentlyUsed } from '#cache';

/** Reading an address costs more than all that is done with it. */
const read = new RecentlyUsed<string, string>(10_000);

/** What counts as one source: an IPv4 address, or the /64 that one IPv6 customer holds at least. */
export const sourceOf = (ip: string): string => {
  const known = read.get(ip);
  if (known !== undefined) return known;
  const source = sourceIn(ip);
  read.set(ip, source);
  return source;
};

/** From this machine. */
export const isLoopback = (ip: string): boolean => ip === '::1' || /^(?:::ffff:)?127\./.test(ip);

const sourceIn = (ip: string): string => {
  if (!ipaddr.isValid(ip)) return ip;
  const address = ipaddr.process(ip);
  if (address.kind() === 'ipv4') return address.toString();
  const parts = (address as ipaddr.IPv6).parts.slice(0, 4);
  return `${parts.map((part) => part.toString(16)).join(':')}::/64`;
};
