import { daysAfter } from '#kernel';
import type { LinkTokens } from '#tokens';
import type { Invitation } from './invitation.ts';

/** How long a link works, and the links themselves. */
export class InvitationLinks {
  readonly #tokens: LinkTokens;
  readonly #days: number;

  constructor(tokens: LinkTokens, days: number) {
    this.#tokens = tokens;
    this.#days = days;
  }

  /** AMB-08. */
  expiry(now: string): string {
    return daysAfter(now, this.#days);
  }

  hash(invitationId: string, generation: number): string {
    return this.#tokens.hash(this.#tokens.issue('invitation', invitationId, generation));
  }

  /** The invitation that a token names and whose newest link it is. */
  opens(token: string, state: Invitation): boolean {
    return state.status !== 'unknown' && this.#tokens.matches(token, state.tokenHash);
  }

  read(token: string): string | undefined {
    return this.#tokens.read('invitation', token)?.id;
  }
}
