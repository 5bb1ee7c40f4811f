import { createHmac } from 'node:crypto';
import type { MasterKey } from './master-key.ts';

/** Stands for an e-mail address wherever it must be found but not read: claim streams, counters. */
export class AddressHash {
  readonly #key: Buffer;

  constructor(master: Pick<MasterKey, 'derive'>) {
    this.#key = master.derive('addresses');
  }

  /** 32 hex digits. The caller brings the canonical form; nothing is folded here. */
  addressHash(canonicalEmail: string): string {
    return createHmac('sha256', this.#key).update(canonicalEmail).digest('hex').slice(0, 32);
  }
}
