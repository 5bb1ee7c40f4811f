import type { Outcome } from '#commands';
import { type Refusal, refuse } from '#kernel';
import type { ReadModels } from '#read-models';

interface Sending {
  underWay: number;
  /** Positions of finished sendings that the read model may not show yet. */
  unseen: number[];
  /** Those that found room at once and are not finished. */
  readonly passing: Set<Promise<unknown>>;
  /** The last of those that wait for each other. */
  turn: Promise<unknown>;
  /** What the counter said when the read models were last asked, and the position they showed. */
  counted?: { readonly at: number; readonly pending: number };
}

/**
 * AMB-09, AMB-34: at most so many pending invitations from one organization or account; expired ones do not count. A counter tells,
 * plus what this process has under way; at the limit, its sendings wait for each other and for the
 * read model to show the whole log, and the exact number decides.
 */
export class PendingLimit {
  readonly #limit: number;
  readonly #readModels: ReadModels;
  readonly #now: () => string;
  readonly #head: () => Promise<number>;
  readonly #sendings = new Map<string, Sending>();

  constructor(limit: number, readModels: ReadModels, now: () => string, head: () => Promise<number>) {
    this.#limit = limit;
    this.#readModels = readModels;
    this.#now = now;
    this.#head = head;
  }

  /** Runs `send` when there is room. */
  async within(sentFrom: string, send: () => Promise<Outcome>): Promise<Outcome> {
    const sending = this.#sendings.get(sentFrom) ?? {
      underWay: 0,
      unseen: [],
      passing: new Set(),
      turn: Promise.resolve(),
    };
    this.#sendings.set(sentFrom, sending);
    sending.underWay += 1;
    try {
      if ((await this.#estimate(sentFrom, sending)) <= this.#limit) return await this.#pass(sending, send);
      const turn = sending.turn.then(() => this.#atLimit(sentFrom, sending, send));
      sending.turn = turn.catch(() => undefined);
      return await turn;
    } finally {
      sending.underWay -= 1;
      if (sending.underWay === 0 && sending.unseen.length === 0) this.#sendings.delete(sentFrom);
    }
  }

  async #pass(sending: Sending, send: () => Promise<Outcome>): Promise<Outcome> {
    const passing = this.#sent(sending, send());
    sending.passing.add(passing);
    try {
      return await passing;
    } finally {
      sending.passing.delete(passing);
    }
  }

  async #sent(sending: Sending, outcome: Promise<Outcome>): Promise<Outcome> {
    const answer = await outcome;
    if ('position' in answer && 'revision' in answer) sending.unseen.push(Number(answer.position));
    return answer;
  }

  /**
   * Pending ones with the one that asks, never too few: while there is room even if everything that the read model has
   * shown since it was counted were one more, it is not counted again.
   */
  async #estimate(sentFrom: string, sending: Sending): Promise<number> {
    const seen = this.#readModels.positionOf('invitations');
    sending.unseen = sending.unseen.filter((position) => position > seen);
    // Asked after the count as well: meanwhile others have come.
    const ours = () => sending.unseen.length + sending.underWay;
    const { counted } = sending;
    const atMost = counted ? counted.pending + Math.max(0, seen - counted.at) + ours() : Infinity;
    if (atMost <= this.#limit) return atMost;
    const pending = await this.#readModels.count('invitations', { sentFrom, status: 'pending' });
    sending.counted = { at: seen, pending };
    return pending + ours();
  }

  async #atLimit(
    sentFrom: string,
    sending: Sending,
    send: () => Promise<Outcome>,
  ): Promise<Outcome | Refusal> {
    await Promise.allSettled(sending.passing);
    await this.#readModels.reach(await this.#head(), ['invitations']);
    const where = { sentFrom, status: 'pending', expiresAt: { after: this.#now() } };
    const pending = await this.#readModels.atLeast('invitations', where, this.#limit);
    return pending < this.#limit ? this.#sent(sending, send()) : full;
  }
}

/** ERR-03. */
const full = refuse(
  'invalid',
  'pending_invitations_limit',
  'Unable to perform operation. Please try again or visit our help center for assistance.',
);
