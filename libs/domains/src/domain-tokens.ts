import { createHmac } from 'node:crypto';
import { dnsRecord, verificationFile, verificationUrl } from '#dns-proof';
import type { MasterKey } from '#tokens';

/** 128 bits, bound to the organization and the domain; the same command makes the same token (DOM-09). */
export class DomainTokens {
  readonly #key: Buffer;

  constructor(master: Pick<MasterKey, 'derive'>) {
    this.#key = master.derive('domain-tokens');
  }

  issue(organizationId: string, domainId: string, name: string): string {
    return createHmac('sha256', this.#key)
      .update(`${organizationId}/${domainId}/${name}`)
      .digest('hex')
      .slice(0, 32);
  }
}

/** What a person must publish, for both methods (DOM-08). */
export const proofOf = (name: string, token: string) => ({
  dnsRecord: dnsRecord(name, token),
  file: { url: verificationUrl(name), content: verificationFile(token) },
});
