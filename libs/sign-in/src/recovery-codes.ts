import { createHmac } from 'node:crypto';
import type { MasterKey } from '#tokens';
import { base32 } from './totp.ts';

const howMany = 10;

/**
 * Ten codes of 50 bits, each for one sign-in without the second factor. They are derived, so that a repeated command
 * answers the same ones; what is kept of them is a keyed hash.
 */
export class RecoveryCodes {
  readonly #codes: Buffer;
  readonly #hashes: Buffer;

  constructor(master: Pick<MasterKey, 'derive'>) {
    this.#codes = master.derive('recovery-codes');
    this.#hashes = master.derive('recovery-code-hashes');
  }

  /** Of one second factor; another `batch` is another ten. */
  of(factorId: string, batch: number): string[] {
    return Array.from({ length: howMany }, (_, index) => {
      const mac = createHmac('sha256', this.#codes).update(`${factorId}\0${batch}\0${index}`).digest();
      const text = base32(mac.subarray(0, 7)).slice(0, 10).toLowerCase();
      return `${text.slice(0, 5)}-${text.slice(5)}`;
    });
  }

  /** Of a second factor as it stands; none without one. */
  ofBatch(factor: { readonly factorId: string; readonly batch: number } | null): readonly string[] {
    return factor ? this.of(factor.factorId, factor.batch) : [];
  }

  /** As it is kept; capitals, spaces and the hyphen do not matter. Undefined: this cannot be a code. */
  hash(factorId: string, code: string): string | undefined {
    const bare = code.toLowerCase().replaceAll(/[\s-]/g, '');
    if (!/^[a-z2-7]{10}$/.test(bare)) return undefined;
    return createHmac('sha256', this.#hashes).update(`${factorId}\0${bare}`).digest('base64url');
  }

  hashes(factorId: string, batch: number): string[] {
    return this.of(factorId, batch).map((code) => this.hash(factorId, code)!);
  }
}
