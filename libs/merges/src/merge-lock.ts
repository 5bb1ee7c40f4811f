import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type ClaimName, Claims, type Holder } from '#claims';
import { type Envelope, Execution, systemEnvelope } from '#commands';
import type { Refusal } from '#kernel';
import { organization, organizationAbsorbed, organizationMerging } from '#organizations';
import { isOver, merge } from './merge.ts';

/** Whether an import runs, which holds its organization as long as it does. */
export abstract class ImportLiveness {
  abstract judge(importId: string): Promise<Holder>;
}

const named = (organizationId: string): ClaimName => `merge-${organizationId}`;

/** One merge per organization, whichever side it is on (rules.md 2.8). */
@Injectable()
export class MergeLock {
  readonly #execution: Execution;
  readonly #claims: Claims;
  readonly #imports: ImportLiveness;

  constructor(execution: Execution, claims: Claims, imports: ImportLiveness) {
    this.#execution = execution;
    this.#claims = claims;
    this.#imports = imports;
  }

  /** Of one organization. `holder`: a merge, or the import that merges. */
  async hold(organizationId: string, holder: string, envelope: Envelope): Promise<Refusal | undefined> {
    const { state } = await this.#execution.load(organization, organizationId);
    if (state.status === 'absorbed') return organizationAbsorbed(state.successorId);
    if (state.status !== 'open' && !(state.status === 'merging' && state.mergeId === holder))
      return organizationMerging;
    const held = await this.#claims.reserve(
      named(organizationId),
      { holder, organizationId, judge: (other) => this.#judge(other) },
      envelope,
    );
    return held && (held.code === 'claim_held' ? organizationMerging : held);
  }

  /**
   * Of both, the smaller id first whoever asks: of A into B and B into A exactly one gets both. What an import merges
   * into is held by the import itself.
   */
  async holdBoth(
    mergeId: string,
    organizationIds: readonly string[],
    correlationId: string,
  ): Promise<Refusal | undefined> {
    // Never the same id twice: what was held and let go is held anew.
    const envelope = () => systemEnvelope(randomUUID(), correlationId, null);
    const held: string[] = [];
    for (const id of organizationIds.toSorted()) {
      const refused = await this.hold(id, mergeId, envelope());
      if (refused) {
        for (const other of held) await this.#claims.release(named(other), mergeId, envelope());
        return refused;
      }
      held.push(id);
    }
    return undefined;
  }

  async #judge(holder: string): Promise<Holder> {
    if (holder.startsWith('imp_')) return this.#imports.judge(holder);
    const { state } = await this.#execution.load(merge, holder);
    if (state.status === 'running') return 'alive';
    return isOver(state) ? 'dead' : 'unknown';
  }
}
