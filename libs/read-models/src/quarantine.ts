import type { Quarantined } from './fold.ts';
import type { Documents, StoredDocument } from './port.ts';

export interface QuarantinedStream extends StoredDocument, Quarantined {
  readonly projection: string;
}

/** The streams whose events a build of a projection could not apply: they wait there until it is rebuilt. */
export class Quarantine {
  readonly #streams = new Map<string, QuarantinedStream>();

  async load(documents: Documents): Promise<void> {
    for (const stream of await documents.collection<QuarantinedStream>('quarantine').find({}).toArray())
      this.#streams.set(stream._id, stream);
  }

  has(build: string, stream: string): boolean {
    return this.#streams.size > 0 && this.#streams.has(`${build}/${stream}`);
  }

  /** Kept with the batch; remembered when that is committed. */
  async keep(
    documents: Documents,
    projection: string,
    build: string,
    found: readonly Quarantined[],
  ): Promise<QuarantinedStream[]> {
    const quarantined = found.map((stream) => ({ ...stream, _id: `${build}/${stream.stream}`, projection }));
    for (const { _id, ...stream } of quarantined)
      await documents
        .collection<QuarantinedStream>('quarantine')
        .replaceOne({ _id }, stream, { upsert: true });
    return quarantined;
  }

  remember(stream: QuarantinedStream): void {
    this.#streams.set(stream._id, stream);
  }

  async forget(documents: Documents, build: string): Promise<void> {
    for (const _id of [...this.#streams.keys()].filter((key) => key.startsWith(`${build}/`))) {
      await documents.collection<QuarantinedStream>('quarantine').deleteOne({ _id });
      this.#streams.delete(_id);
    }
  }

  of(name: string): Quarantined[] {
    return [...this.#streams.values()]
      .filter(({ projection }) => projection === name)
      .map(({ stream, position, error }) => ({ stream, position, error }));
  }
}
