import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type ClaimName, Claims, type Holder } from '#claims';
import { type Envelope, Execution, systemEnvelope } from '#commands';
import type { Together } from '#event-store';
import type { Refusal } from '#kernel';
import { organization, organizationAbsorbed, organizationMerging } from '#organizations';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';
import { isOver, merge } from './merge.ts';

const named = (organizationId: string): ClaimName => `merge-${organizationId}`;
/** Whoever merges into an organization shares it with others who do. */
const into = (organizationId: string): string => `into_${organizationId}`;

/** An organization is merged into others or absorbed by one, never both at a time (rules.md 2.8). */
@Injectable()
export class MergeLock {
  readonly #execution: Execution;
  readonly #claims: Claims;
  readonly #readModels: ReadModels;
  readonly #log: LogHead;

  constructor(execution: Execution, claims: Claims, readModels: ReadModels, log: LogHead) {
    this.#execution = execution;
    this.#claims = claims;
    this.#readModels = readModels;
    this.#log = log;
  }

  /** Nobody absorbs it while others are merged into it. */
  asPrime(organizationId: string, envelope: Envelope): Promise<Refusal | undefined> {
    return this.#hold(organizationId, into(organizationId), envelope);
  }

  /**
   * Both sides, the smaller id first whoever asks: of A into B and B into A exactly one gets both. Without `prime` it
   * is held by whoever asks. The merge that begins `together` with it is not kept without it.
   */
  async hold(
    { mergeId, candidate, prime }: { mergeId: string; candidate: string; prime: string | null },
    correlationId: string,
    together: Together,
  ): Promise<Refusal | undefined> {
    // Never the same id twice: what was held and let go is held anew.
    const envelope = () => ({ ...systemEnvelope(randomUUID(), correlationId, null), together });
    const sides = prime === null ? [candidate] : [candidate, prime].toSorted();
    for (const side of sides) {
      const refused = await this.#hold(side, side === candidate ? mergeId : into(side), envelope());
      if (!refused) continue;
      await this.#claims.release(named(candidate), mergeId, envelope());
      return refused;
    }
    return undefined;
  }

  async #hold(organizationId: string, holder: string, envelope: Envelope): Promise<Refusal | undefined> {
    const { state } = await this.#execution.load(organization, organizationId);
    if (state.status === 'absorbed') return organizationAbsorbed(state.successorId);
    if (state.status === 'merging' && state.mergeId !== holder) return organizationMerging;
    const held = await this.#claims.reserve(
      named(organizationId),
      { holder, organizationId, judge: (other) => this.#judge(organizationId, other) },
      envelope,
    );
    return held && (held.code === 'claim_held' ? organizationMerging : held);
  }

  async #judge(organizationId: string, holder: string): Promise<Holder> {
    if (holder === into(organizationId)) return this.#judgePrime(organizationId);
    const { state } = await this.#execution.load(merge, holder);
    if (state.status === 'running') return 'alive';
    return isOver(state) ? 'dead' : 'unknown';
  }

  /** What has begun is shown; what is about to begin holds it for the claims' time of grace. */
  async #judgePrime(organizationId: string): Promise<Holder> {
    await this.#readModels.reach(await this.#log.head(), ['merges', 'imports']);
    const running = { organizationId, status: 'running' };
    const merges = await this.#readModels.count('merges', running);
    return merges + (await this.#readModels.count('imports', running)) > 0 ? 'alive' : 'unknown';
  }
}
