import { Effects } from '#commands';
import type { DocumentStore } from '#read-models';
import { type AnyPolicy, type Checkpoint, isAwaited } from './policy-runner.ts';

const SETTLE_MS = 2_000;
const POLL_MS = 15;

/** Waits for policies that another process runs: their stored checkpoints tell how far they are. */
export class RemoteEffects extends Effects {
  readonly #records: DocumentStore;
  readonly #policies: readonly AnyPolicy[];
  readonly #lastOf: (correlationId: string) => Promise<number | undefined>;

  /** `lastOf`: position of the newest event of a correlation; undefined: not known yet. */
  constructor(
    records: DocumentStore,
    policies: readonly AnyPolicy[],
    lastOf: (correlationId: string) => Promise<number | undefined>,
  ) {
    super();
    this.#records = records;
    this.#policies = policies;
    this.#lastOf = lastOf;
  }

  awaited(eventType: string): boolean {
    return isAwaited(this.#policies, eventType);
  }

  async settle(position: number, correlationId: string): Promise<{ position: number; settled: boolean }> {
    const deadline = Date.now() + SETTLE_MS;
    let target = position;
    while (Date.now() < deadline) {
      if ((await this.#handled()) >= target) {
        const last = await this.#lastOf(correlationId);
        if (last === undefined) break;
        if (last <= target) return { position: target, settled: true };
        target = last;
      } else await new Promise((resume) => setTimeout(resume, POLL_MS));
    }
    return { position: target, settled: false };
  }

  async #handled(): Promise<number> {
    const awaited = this.#policies.filter(({ awaited }) => awaited !== false);
    const stored = await this.#records.collection<Checkpoint>('policies').find({}).toArray();
    const reached = new Map(stored.map(({ _id, position }) => [_id, position]));
    return Math.min(...awaited.map(({ name }) => reached.get(name) ?? 0));
  }
}
