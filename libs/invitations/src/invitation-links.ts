import type { Execution, Loaded } from '#commands';
import { daysAfter } from '#kernel';
import type { LinkTokens } from '#tokens';
import { type Invitation, invitation } from './invitation.ts';

export interface Opened {
  readonly state: Exclude<Invitation, { status: 'unknown' }>;
  readonly traces: Loaded<Invitation>['traces'];
}

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

  /** The invitation whose newest link this is, whatever became of it; undefined for every other token. */
  async opened(token: string, execution: Execution): Promise<Opened | undefined> {
    const id = this.#tokens.read('invitation', token)?.id;
    if (id === undefined) return undefined;
    const { state, traces } = await execution.load(invitation, id);
    return state.status !== 'unknown' && this.#tokens.matches(token, state.tokenHash)
      ? { state, traces }
      : undefined;
  }
}
