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
    readonly behind: boolean;
    readonly quarantined: number;
  }[];
  readonly parkedCommands: number;
}

/** What stands between this process and an answer. */
export class Health {
  readonly #events: EventStore;
  readonly #documents: Readonly<Record<string, DocumentStore>>;
  readonly #progress: Progress;
  readonly #parked: () => number;

  constructor(
    events: EventStore,
    documents: Readonly<Record<string, DocumentStore>>,
    progress: Progress,
    parked: () => number,
  ) {
    this.#events = events;
    this.#documents = documents;
    this.#progress = progress;
    this.#parked = parked;
  }

  async report(): Promise<Report> {
    const stores = { events: this.#events, ...this.#documents };
    const entries = await Promise.all(
      Object.entries(stores).map(async ([name, store]) => [name, await store.health()] as const),
    );
    const dependencies = Object.fromEntries(entries);
    const projections = this.#progress.health().map(({ name, position, behind, quarantined }) => ({
      name,
      position: String(position),
      behind,
      quarantined: quarantined.length,
    }));
    return {
      ready: entries.every(([, { ok }]) => ok) && this.#progress.position >= 0,
      dependencies,
      projections,
      parkedCommands: this.#parked(),
    };
  }
}
