import { Injectable } from '@nestjs/common';
import { type Envelope, Execution } from '#commands';
import { isRefusal, type Refusal, refuse } from '#kernel';
import { organizationLimits } from '#organizations';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';
import { account } from './account.ts';
import { accountSlots } from './account-slots.ts';

/** How long a place counts although its account does not exist yet: the time between two appends of one command. */
const GRACE_MS = 60_000;
const ATTEMPTS = 8;

/** ACC-11. */
const full: Refusal = refuse(
  'invalid',
  'account_limit_reached',
  "The organization's account limit has been reached.",
);

/** At most so many managed accounts that are not closed, where an operator has set a limit. */
@Injectable()
export class AccountLimit {
  readonly #execution: Execution;
  readonly #readModels: ReadModels;
  readonly #log: LogHead;

  constructor(execution: Execution, readModels: ReadModels, log: LogHead) {
    this.#execution = execution;
    this.#readModels = readModels;
    this.#log = log;
  }

  /** Takes a place; whoever read the same revision at the same moment counts again. */
  async reserve(organizationId: string, accountId: string, envelope: Envelope): Promise<Refusal | undefined> {
    const { accounts: limit } = (await this.#execution.load(organizationLimits, organizationId)).state;
    if (limit === null) return undefined;
    for (let attempt = 1; ; attempt += 1) {
      const { state, revision } = await this.#execution.load(accountSlots, organizationId);
      if (state.taken[accountId]) return undefined;
      const settled = await this.#settled(state.taken);
      const waiting = Object.keys(state.taken).length - settled.length;
      if ((await this.#count(organizationId)) + waiting >= limit) return full;
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

  /** Why an account cannot come in now; one that comes with a person who joins is never kept out. */
  async refuses(organizationId: string): Promise<Refusal | undefined> {
    const { accounts: limit } = (await this.#execution.load(organizationLimits, organizationId)).state;
    return limit === null || (await this.#count(organizationId)) < limit ? undefined : full;
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

  async #count(organizationId: string): Promise<number> {
    await this.#readModels.reach(await this.#log.head(), ['accounts']);
    const open = { in: ['active', 'suspended', 'pending_closure'] };
    return this.#readModels.count('accounts', { organizationId, kind: 'managed', status: open });
  }
}
