import { Injectable } from '@nestjs/common';
import { type Envelope, Execution, type Outcome } from '#commands';
import { isRefusal, type Refusal } from '#kernel';
import { organizationLimits } from '#organizations';
import { type Coming, Room } from '#users';
import { account } from './account.ts';
import { accountSlots } from './account-slots.ts';

/** How long a place counts although its account does not exist yet: the time between two appends of one command. */
const GRACE_MS = 60_000;
const ATTEMPTS = 8;

const one: Coming = { users: 0, accounts: 1 };

/** ACC-11: at most so many managed accounts that are not closed, where an operator has set a limit. */
@Injectable()
export class AccountLimit {
  readonly #execution: Execution;
  readonly #room: Room;

  constructor(execution: Execution, room: Room) {
    this.#execution = execution;
    this.#room = room;
  }

  /** Makes an account when there is a place for it, beside whatever else comes in at the same time. */
  within(
    organizationId: string,
    accountId: string,
    envelope: Envelope,
    make: () => Promise<Outcome>,
  ): Promise<Outcome> {
    const reserved = async () => (await this.#reserve(organizationId, accountId, envelope)) ?? make();
    return this.#room.within(organizationId, reserved, one);
  }

  /** Other processes make accounts too: whoever read the same revision at the same moment counts again. */
  async #reserve(
    organizationId: string,
    accountId: string,
    envelope: Envelope,
  ): Promise<Refusal | undefined> {
    const { accounts: limit } = (await this.#execution.load(organizationLimits, organizationId)).state;
    if (limit === null) return undefined;
    for (let attempt = 1; ; attempt += 1) {
      const { state, revision } = await this.#execution.load(accountSlots, organizationId);
      if (state.taken[accountId]) return undefined;
      const settled = await this.#settled(state.taken);
      const waiting = Object.keys(state.taken).length - settled.length;
      const full = await this.#room.refuses(organizationId, { users: 0, accounts: waiting + 1 });
      if (full) return full;
      const outcome = await this.#execution.run(
        {
          decider: accountSlots,
          id: organizationId,
          command: { type: 'ReserveAccountSlot', organizationId, accountId, settled },
        },
        { ...envelope, ifMatch: revision },
      );
      if (!isRefusal(outcome)) return undefined;
      if (outcome.code !== 'revision_conflict' || attempt === ATTEMPTS) return outcome;
    }
  }

  /** Why an account cannot come in now. */
  refuses(organizationId: string): Promise<Refusal | undefined> {
    return this.#room.refuses(organizationId, one);
  }

  async #settled(taken: Readonly<Record<string, string>>): Promise<string[]> {
    const before = new Date(Date.parse(this.#execution.now()) - GRACE_MS).toISOString();
    const settled: string[] = [];
    for (const [accountId, reservedAt] of Object.entries(taken)) {
      const { state } = await this.#execution.load(account, accountId);
      if (state.status !== 'unknown' || reservedAt < before) settled.push(accountId);
    }
    return settled;
  }
}
