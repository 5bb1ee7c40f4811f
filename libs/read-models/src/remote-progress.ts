import { Waiting } from '#clock';
import { type Build, buildName, isReadable, SERVED } from './builds.ts';
import { LIVE, type Progress } from './checkpoint.ts';
import type { DocumentStore } from './port.ts';
import type { AnyProjection, ProjectionHealth } from './projector.ts';
import type { QuarantinedStream } from './quarantine.ts';
import type { Served } from './reader.ts';

const IDLE_MS = 500;
const WAITING_MS = 15;

/** How far the read models are when another process runs the projector: the store tells. */
export class RemoteProgress implements Served {
  readonly #documents: DocumentStore;
  readonly #projections: readonly AnyProjection[];
  readonly #builds = new Map<string, Build>();
  readonly #waiting = new Waiting();
  readonly #abort = new AbortController();
  readonly #onTrouble: (error: Error) => void;
  #live = -1;
  #quarantine: readonly QuarantinedStream[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(
    documents: DocumentStore,
    projections: readonly AnyProjection[],
    onTrouble: (error: Error) => void,
  ) {
    this.#documents = documents;
    this.#projections = projections;
    this.#onTrouble = onTrouble;
  }

  async start(): Promise<void> {
    await this.#look();
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#waiting.wake();
    clearTimeout(this.#timer);
    await this.#looking;
  }

  get position(): number {
    return Math.min(...this.#projections.map(({ name }) => this.positionOf(name)));
  }

  positionOf(name: string): number {
    const build = this.#builds.get(name);
    return build ? (build.position ?? this.#live) : -1;
  }

  served(name: string): string | undefined {
    const build = this.#builds.get(name);
    return build && buildName(name, build);
  }

  async waitFor(position: number, milliseconds: number, names?: readonly string[]): Promise<boolean> {
    const shown = () =>
      (names ? Math.min(...names.map((name) => this.positionOf(name))) : this.position) >= position;
    if (shown()) return true;
    const reached = this.#waiting.until(shown, this.#abort.signal, milliseconds);
    this.#schedule();
    return reached;
  }

  #schedule(): void {
    if (this.#abort.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#looking = this.#look()
          .catch((error) => this.#onTrouble(error))
          .finally(() => {
            this.#waiting.wake();
            this.#schedule();
          });
      },
      this.#waiting.size > 0 ? WAITING_MS : IDLE_MS,
    );
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const progress = await this.#documents.collection<Progress>('progress').findOne({ _id: LIVE });
    this.#live = progress?.position ?? 0;
    for (const projection of this.#projections) {
      const { name } = projection;
      const build = await this.#documents.collection<Build>('builds').findOne({ _id: SERVED(name) });
      if (build && isReadable(projection, build)) this.#builds.set(name, build);
    }
    this.#quarantine = await this.#documents.collection<QuarantinedStream>('quarantine').find({}).toArray();
  }

  health(): ProjectionHealth[] {
    return this.#projections.map(({ name, version }) => ({
      name,
      version,
      position: this.positionOf(name),
      behind: false,
      building: !this.#builds.has(name),
      quarantined: this.#quarantine
        .filter(({ projection }) => projection === name)
        .map(({ stream, position, error }) => ({ stream, position, error })),
    }));
  }
}
