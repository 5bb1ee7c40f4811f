import type { EventStore } from '#event-store';
import type { DocumentStore, ProjectionHealth, Served } from '#read-models';

/** How far the read models are, here or in another process. */
type Progress = Served & { health(): readonly ProjectionHealth[] };

export interface Report {
  readonly ready: boolean;
  readonly dependencies: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>;
  readonly projections: readonly {
    readonly name: string;
    readonly position: string;
    /** Positions between this read model and the end of the log. */
    readonly lag: number;
    readonly building: boolean;
    readonly quarantined: number;
  }[];
  readonly parkedCommands: number;
}

/** P6: read models that stand still for so long while the log has gone on are not ready. */
const STANDSTILL_MS = 15_000;

/** What stands between this process and an answer. */
export class Health {
  readonly #events: EventStore;
  readonly #documents: Readonly<Record<string, DocumentStore>>;
  readonly #progress: Progress;
  readonly #parked: () => Promise<number>;
  /** Since when it was seen behind at this position; machine time. */
  #behind: { readonly position: number; readonly since: number } | undefined;

  constructor(
    events: EventStore,
    documents: Readonly<Record<string, DocumentStore>>,
    progress: Progress,
    parked: () => Promise<number>,
  ) {
    this.#events = events;
    this.#documents = documents;
    this.#progress = progress;
    this.#parked = parked;
  }

  projections(): readonly ProjectionHealth[] {
    return this.#progress.health();
  }

  async report(): Promise<Report> {
    const stores = { events: this.#events, ...this.#documents };
    const entries = await Promise.all(
      Object.entries(stores).map(async ([name, store]) => [name, await store.health()] as const),
    );
    const healthy = entries.every(([, { ok }]) => ok);
    const head = healthy ? await this.#events.head() : 0;
    const projections = this.#progress.health().map(({ name, position, building, quarantined }) => ({
      name,
      position: String(position),
      lag: Math.max(0, head - position),
      building,
      quarantined: quarantined.length,
    }));
    return {
      ready: healthy && this.#progress.position >= 0 && !this.#standsStill(head),
      dependencies: Object.fromEntries(entries),
      projections,
      parkedCommands: healthy ? await this.#parked() : 0,
    };
  }

  #standsStill(head: number): boolean {
    const { position } = this.#progress;
    const now = performance.now();
    if (position >= head || position !== this.#behind?.position) this.#behind = undefined;
    if (position < head) this.#behind ??= { position, since: now };
    return this.#behind !== undefined && now - this.#behind.since > STANDSTILL_MS;
  }
}
