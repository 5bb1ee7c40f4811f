import { Injectable } from '@nestjs/common';
import { Execution, type Outcome } from '#commands';
import { type Refusal, refuse } from '#kernel';
import { organizationLimits } from '#organizations';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';

interface Coming {
  readonly candidateOrganizationId: string;
}

/** USR-18. */
const full: Refusal = refuse(
  'invalid',
  'user_limit_reached',
  'The organization has reached its limit for managed users.',
);

/**
 * At most so many managed users, where an operator has set a limit. People join in the one process that follows the
 * log; there those of one organization wait for each other and for the read model to show everybody before them. Whose
 * organization is being merged into it counts from the moment that this is certain, so that nobody waits for the moves.
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
  async within(organizationId: string, join: () => Promise<Outcome>, more = 1): Promise<Outcome> {
    if ((await this.#of(organizationId)) === null) return join();
    // The limit may have been lowered while others had their turn.
    const inTurn = async () => (await this.refuses(organizationId, more)) ?? join();
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
    await this.#readModels.reach(await this.#log.head(), ['users', 'merges']);
    const where = { organizationId, status: 'running', isPlanned: true };
    const homes = [organizationId];
    for await (const { candidateOrganizationId } of this.#readModels.every<Coming>('merges', {
      where,
      by: 'requestedAt',
    }))
      homes.push(candidateOrganizationId);
    // In one look: whoever moves meanwhile is counted once.
    const people = await this.#readModels.count('users', { organizationId: { in: homes }, kind: 'managed' });
    return people + more <= limit;
  }
}
