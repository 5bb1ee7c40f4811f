import { Injectable } from '@nestjs/common';
import { Execution, type Outcome } from '#commands';
import { type Refusal, refuse } from '#kernel';
import { organizationLimits } from '#organizations';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';

const one = async (): Promise<number> => 1;

/** USR-18. */
const full: Refusal = refuse(
  'invalid',
  'user_limit_reached',
  'The organization has reached its limit for managed users.',
);

/**
 * At most so many managed users, where an operator has set a limit. People join in the one process that follows the
 * log; there those of one organization wait for each other and for the read model to show everybody before them.
 */
@Injectable()
export class ManagedUsersLimit {
  readonly #execution: Execution;
  readonly #readModels: ReadModels;
  readonly #log: LogHead;
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(execution: Execution, readModels: ReadModels, log: LogHead) {
    this.#execution = execution;
    this.#readModels = readModels;
    this.#log = log;
  }

  /** Runs `join` when there is room, for one or for as many as come together. */
  async within(
    organizationId: string,
    join: (isLimited: boolean) => Promise<Outcome>,
    more: () => Promise<number> = one,
  ): Promise<Outcome> {
    const limit = await this.#of(organizationId);
    if (limit === null) return join(false);
    const inTurn = async () =>
      (await this.#hasRoom(organizationId, limit, await more())) ? join(true) : full;
    const turn = (this.#turns.get(organizationId) ?? Promise.resolve()).then(inTurn, inTurn);
    this.#turns.set(organizationId, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(organizationId) === turn) this.#turns.delete(organizationId);
    }
  }

  /** Why nobody more, or not so many, can be invited now; whoever accepts later is counted again. */
  async refuses(organizationId: string, more = 1): Promise<Refusal | undefined> {
    const limit = await this.#of(organizationId);
    return limit === null || (await this.#hasRoom(organizationId, limit, more)) ? undefined : full;
  }

  async #of(organizationId: string): Promise<number | null> {
    return (await this.#execution.load(organizationLimits, organizationId)).state.users;
  }

  async #hasRoom(organizationId: string, limit: number, more = 1): Promise<boolean> {
    await this.#readModels.reach(await this.#log.head(), ['users']);
    return (await this.#readModels.count('users', { organizationId, kind: 'managed' })) + more <= limit;
  }
}
