import { createHmac } from 'node:crypto';

const stepMs = 30_000;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export type TotpHash = 'sha1' | 'sha256' | 'sha512';

/** Which code counts at a time (RFC 6238, 4.2). */
export const stepAt = (milliseconds: number): number => Math.floor(milliseconds / stepMs);

/** RFC 4226, 5.3, over the number of a step. Authenticators know SHA-1 and six digits, so these are what we use. */
export const totp = (secret: Uint8Array, step: number, digits = 6, hash: TotpHash = 'sha1'): string => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac(hash, secret).update(counter).digest();
  const offset = mac[mac.length - 1]! & 15;
  return String((mac.readUInt32BE(offset) & 0x7fff_ffff) % 10 ** digits).padStart(digits, '0');
};

/** RFC 4648, without padding: how authenticators take a secret, and how people read a recovery code. */
export const base32 = (bytes: Uint8Array): string => {
  let text = '';
  let [rest, bits] = [0, 0];
  for (const byte of bytes) {
    rest = (rest << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet.charAt((rest >> bits) & 31);
    }
    rest &= (1 << bits) - 1;
  }
  return bits > 0 ? text + alphabet.charAt((rest << (5 - bits)) & 31) : text;
};

export const otpauthUri = (secret: Uint8Array, email: string): string => {
  const fields = new URLSearchParams({ secret: base32(secret), issuer: 'Orgledger' });
  return `otpauth://totp/Orgledger:${encodeURIComponent(email)}?${fields}&algorithm=SHA1&digits=6&period=30`;
};
