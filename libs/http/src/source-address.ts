import ipaddr from 'ipaddr.js';

/** What counts as one source: an IPv4 address, or the /64 that one IPv6 customer holds at least. */
export const sourceOf = (ip: string): string => {
  if (!ipaddr.isValid(ip)) return ip;
  const address = ipaddr.process(ip);
  if (address.kind() === 'ipv4') return address.toString();
  const parts = (address as ipaddr.IPv6).parts.slice(0, 4);
  return `${parts.map((part) => part.toString(16)).join(':')}::/64`;
};
