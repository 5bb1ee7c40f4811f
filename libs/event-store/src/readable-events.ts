import { RecentlyUsed } from '#cache';
import type { Catalogue, CatalogueEntry, EventMetadata, RecordedEvent } from '#kernel';
import { isSealed, type Personal, seal, unseal } from './personal-fields.ts';
import {
  type Appended,
  type EventStore,
  InvalidAppend,
  type NewEvent,
  NO_STREAM,
  type Retention,
  type StoreHealth,
  type Together,
} from './port.ts';

/** Keys of persons; null when a key was destroyed or never made. */
export interface SubjectKeys {
  /** `begins`: somebody whose key is not known is probably new. */
  of(
    subjects: readonly string[],
    options: { readonly create: boolean; readonly begins?: boolean },
  ): Promise<ReadonlyMap<string, Buffer | null>>;
  /** Reads the subject's key again next time. */
  forget(subject: string): void;
}

export interface ReadableEventStore extends EventStore {
  /** Keeps nothing readable of a person in memory; call it after their key was destroyed. */
  forget(subject: string): void;
}

const PERSONAL_METADATA = ['sourceIp', 'userAgent'] as const;
const REMEMBERED = 8_192;

/**
 * The port's exit, once for everyone: raises old events to their newest shape and decrypts personal fields on the way
 * out, encrypts them on the way in (AES-256-GCM, one key per person, bound to stream, event and field). An event that
 * no catalogue knows, or whose data is broken, comes out marked `unreadable`.
 */
export const readableEvents = (
  store: EventStore,
  catalogue: Catalogue,
  keys: SubjectKeys,
): ReadableEventStore => new ReadableEvents(store, catalogue, keys);

class ReadableEvents implements ReadableEventStore {
  readonly #store: EventStore;
  readonly #catalogue: Catalogue;
  readonly #keys: SubjectKeys;
  /** What this process has just appended need not be decrypted again for its own followers. */
  readonly #recent = new RecentlyUsed<
    string,
    { data: object; metadata: EventMetadata; subjects: readonly string[] }
  >(REMEMBERED);
  readonly #forgotten = new RecentlyUsed<string, true>(REMEMBERED);
  constructor(store: EventStore, catalogue: Catalogue, keys: SubjectKeys) {
    this.#store = store;
    this.#catalogue = catalogue;
    this.#keys = keys;
  }

  async append(
    stream: string,
    expectedRevision: number,
    events: readonly NewEvent[],
    together?: Together,
  ): Promise<Appended> {
    const newest = events.map((event) => this.#versioned(event));
    const personal = newest.map((event) => this.#personalOf(event));
    const subjects = subjectsOf(personal);
    const begins = expectedRevision === NO_STREAM;
    const keys = subjects.length > 0 ? await this.#keys.of(subjects, { create: true, begins }) : new Map();
    const alike = together?.sealed ?? new Map<string, string>();
    const sealed = newest.map((event, index) => seal(stream, event, personal[index] ?? [], keys, alike));
    const appended = await this.#store.append(stream, expectedRevision, sealed, together);
    for (const [index, { id, data, metadata }] of newest.entries()) {
      const about = subjectsOf([personal[index] ?? []]);
      if (!about.some((subject) => this.#forgotten.has(subject)))
        this.#recent.set(id, { data, metadata, subjects: about });
    }
    return appended;
  }

  #versioned(event: NewEvent): NewEvent {
    const entry: CatalogueEntry | undefined = this.#catalogue[event.type];
    if (!entry) throw new InvalidAppend(`no catalogue knows the event type ${event.type}`);
    return { ...event, metadata: { ...event.metadata, schemaVersion: entry.version ?? 1 } };
  }

  isNewest(stream: string, revision: number): boolean {
    return this.#store.isNewest?.(stream, revision) ?? false;
  }

  begins(stream: string): void {
    this.#store.begins?.(stream);
  }

  async read(stream: string, options?: { from?: number; limit?: number }): Promise<RecordedEvent[]> {
    const events = await this.#store.read(stream, options);
    return events.length === 0 ? events : this.#readable(events);
  }

  async *readAll(options?: { after?: number; batchSize?: number }): AsyncIterable<readonly RecordedEvent[]> {
    for await (const batch of this.#store.readAll(options)) yield await this.#readable(batch);
  }

  async *follow(options: {
    after: number;
    signal: AbortSignal;
    batchSize?: number;
  }): AsyncIterable<readonly RecordedEvent[]> {
    for await (const batch of this.#store.follow(options))
      yield batch.length ? await this.#readable(batch) : batch;
  }

  async #readable(events: readonly RecordedEvent[]): Promise<RecordedEvent[]> {
    const personal: (readonly Personal[])[] = [];
    const raised = events.map((event) => {
      const known = this.#recent.get(event.id);
      const { data, metadata } = known ?? event;
      const newest = known ? { ...event, data, metadata } : this.#upcast(event);
      personal.push(known || newest.unreadable ? nothing : this.#sealedIn(newest));
      return newest;
    });
    for (const event of raised) this.#forgetErased(event);
    const subjects = subjectsOf(personal);
    if (subjects.length === 0) return raised;
    const keys = await this.#keys.of(subjects, { create: false });
    return raised.map((event, index) => unseal(event, personal[index] ?? nothing, keys));
  }

  #sealedIn(event: RecordedEvent): readonly Personal[] {
    return this.#personalOf(event).filter((field) => isSealed(event, field));
  }

  /** Another process may have destroyed the key. */
  #forgetErased({ type, data, unreadable }: RecordedEvent): void {
    const erases = unreadable ? undefined : this.#catalogue[type]?.erases;
    const subject = erases && (data as Record<string, unknown>)[erases];
    if (typeof subject === 'string' && !this.#forgotten.has(subject)) this.forget(subject);
  }

  forget(subject: string): void {
    this.#forgotten.set(subject, true);
    this.#recent.deleteWhere(({ subjects }) => subjects.includes(subject));
    this.#keys.forget(subject);
  }

  #upcast(event: RecordedEvent): RecordedEvent {
    if (!isPlainObject(event.data)) return { ...event, unreadable: 'its data is not a JSON object' };
    if (!isPlainObject(event.metadata)) return { ...event, unreadable: 'its metadata is not a JSON object' };
    const entry: CatalogueEntry | undefined = this.#catalogue[event.type];
    if (!entry) return { ...event, unreadable: `no catalogue knows the type ${event.type}` };
    const written = event.metadata.schemaVersion;
    const newest = entry.version ?? 1;
    if (!(written >= 1) || written > newest)
      return {
        ...event,
        unreadable: `version ${written} of ${event.type}; this release knows up to ${newest}`,
      };
    if (written === newest) return event;
    const data = (entry.upcast ?? [])
      .slice(written - 1)
      .reduce((old, raise) => raise(old) as typeof old, event.data);
    return { ...event, data };
  }

  #personalOf(event: { type: string; data: object; metadata: EventMetadata }): Personal[] {
    const found: Personal[] = [];
    const data = event.data as Record<string, unknown>;
    for (const [field, subjectField] of Object.entries(this.#catalogue[event.type]?.personal ?? {})) {
      const subject = data[subjectField];
      if (
        typeof subject === 'string' &&
        data[field] !== null &&
        data[field] !== undefined &&
        data[field] !== ''
      )
        found.push({ part: 'data', field, subject });
    }
    for (const field of PERSONAL_METADATA)
      if (event.metadata[field]) found.push({ part: 'metadata', field, subject: event.metadata.actor.id });
    return found;
  }

  async at(position: number): Promise<RecordedEvent | undefined> {
    const event = await this.#store.at(position);
    return event && (await this.#readable([event]))[0];
  }

  head(): Promise<number> {
    return this.#store.head();
  }

  retain(stream: string, retention: Retention): Promise<void> {
    return this.#store.retain(stream, retention);
  }

  health(): Promise<StoreHealth> {
    return this.#store.health();
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

const nothing: readonly Personal[] = [];
const nobody: readonly string[] = [];

const subjectsOf = (personal: readonly (readonly Personal[])[]): readonly string[] =>
  personal.every(({ length }) => length === 0)
    ? nobody
    : [...new Set(personal.flat().map(({ subject }) => subject))];

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
