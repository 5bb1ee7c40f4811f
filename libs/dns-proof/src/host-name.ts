import { isIP } from 'node:net';
import { domainToASCII, domainToUnicode } from 'node:url';
import { isOneScript } from './look-alikes.ts';

/**
 * The one spelling of a host name (UTS #46, then RFC 5890 label rules): lower-case A-labels, at least two, no dot at
 * either end. Undefined for everything else, addresses included. A dot at the end is not stripped here.
 *
 * Node's `domainToASCII` follows the URL standard, which forgives more than a name may be forgiven: it stops at `/`,
 * decodes `%`, reads `0x7f.1` as an address, keeps `xn--` labels it cannot decode and drops characters nobody sees.
 */
export const canonicalHostName = (input: string): { ascii: string; unicode: string } | undefined => {
  if (input.length > 1000 || !spelling.test(input) || unseen.test(input)) return undefined;
  const ascii = domainToASCII(input);
  if (ascii.length > 253 || !asciiName.test(ascii) || isIP(ascii) !== 0) return undefined;
  const unicode = domainToUnicode(ascii);
  const labels = unicode.split('.');
  const sound = ascii.split('.').every((label, index) => isSoundLabel(label, labels[index] ?? ''));
  return sound && domainToASCII(unicode) === ascii ? { ascii, unicode } : undefined;
};

const spelling = /^(?:[\w.-]|[^\0-\x7f])+$/;
const asciiName = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Ignored by UTS #46, so that two spellings would look and be alike; joiners stay, some scripts need them. */
const unseen = /(?!\u200c|\u200d)\p{Default_Ignorable_Code_Point}/u;
/** UTS #46 alone lets symbols pass, `⁄` and `💩` among them. */
const written = /^(?:[\p{L}\p{M}\p{N}\u00b7\u30fb\u05f3\u05f4-]|\u200c|\u200d)+$/u;
const tatweel = /[\u0640\u07fa]/;

const isSoundLabel = (ascii: string, unicode: string): boolean => {
  if (!ascii.startsWith('xn--')) return ascii.slice(2, 4) !== '--';
  return (
    /[^\0-\x7f]/.test(unicode) &&
    written.test(unicode) &&
    !tatweel.test(unicode) &&
    !/(?<!l)\u00b7|\u00b7(?!l)/.test(unicode) &&
    isOneScript(unicode)
  );
};
