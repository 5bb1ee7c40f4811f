import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * True only for an address on the public internet. An IPv4 address inside an IPv6 one (mapped, or the well-known NAT64
 * prefix) is judged itself; 6to4, Teredo and every other tunnel are refused, and so is all IPv6 outside 2000::/3:
 * the library calls `::7f00:1`, 127.0.0.1 in a coat, unicast, and reads `::8.8.8.8` as `::ffff:8.8.8.8`.
 */
export const isPublicAddress = (address: string): boolean => {
  if (isIP(address) === 0 || /%|^::\d+\./.test(address)) return false;
  const ip = ipaddr.parse(address);
  if (ip.kind() === 'ipv4') return isPublicIpv4(ip as ipaddr.IPv4);
  const { parts } = ip as ipaddr.IPv6;
  if (carriers.has(parts.slice(0, 6).join(':')))
    return isPublicIpv4(new ipaddr.IPv4(parts.slice(6).flatMap((part) => [part >> 8, part & 0xff])));
  return ((parts[0] ?? 0) & 0xe000) === 0x2000 && ip.range() === 'unicast';
};

const carriers = new Set(['0:0:0:0:0:65535', `${0x64}:${0xff9b}:0:0:0:0`]);

/** Azure's wire server answers every virtual machine on an address that looks public. */
const isPublicIpv4 = (ip: ipaddr.IPv4): boolean =>
  ip.range() === 'unicast' && ip.toString() !== '168.63.129.16';
