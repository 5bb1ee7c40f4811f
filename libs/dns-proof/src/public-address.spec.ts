import { describe, expect, it } from '@jest/globals';
import { isPublicAddress } from './public-address.ts';

describe('P11: only public addresses are dialled', () => {
  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '100.63.255.255',
    '100.128.0.1',
    '172.15.0.1',
    '172.32.0.1',
    '198.17.0.1',
    '223.255.255.254',
    '2606:4700:4700::1111',
    '2001:4860:4860::8888',
    '2a00:1450:4001::200e',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
  ])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true));

  it.each([
    '',
    'localhost',
    'corporate.com',
    '1',
    '127.1',
    '0x7f.0.0.1',
    '017700000001',
    '2130706433',
    '127.0.0.1 ',
    '1.1.1.1:443',
    '[::1]',
    '::7f00:1',
    '::8.8.8.8',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:0:127.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::8.8.8.8',
    '2002:7f00:1::',
    '2002:808:808::',
    '2001:0:808:808::',
    'fe80::1%eth0',
    '2606:4700::1%eth0',
    'fec0::1',
    '4000::1',
    '3fff::1',
    '5f00::1',
    '168.63.129.16',
    '::ffff:168.63.129.16',
  ])('%s is not', (address) => expect(isPublicAddress(address)).toBe(false));
});
