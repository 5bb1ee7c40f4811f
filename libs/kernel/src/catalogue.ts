export interface Change {
  readonly field: string;
  readonly previous: unknown;
  readonly updated: unknown;
}

/**
 * What the log must know of an event type beside its TypeScript shape.
 * A type that no catalogue names is unknown and is never skipped silently.
 */
export interface CatalogueEntry {
  /** Version written today; older ones are raised by `upcast`. Default 1. */
  readonly version?: number;
  /** One step per version: `upcast[0]` raises 1 to 2. */
  readonly upcast?: readonly ((
    data: Readonly<Record<string, unknown>>,
  ) => Readonly<Record<string, unknown>>)[];
  /** Personal fields → the data field that names the person they belong to. Encrypted in the log. */
  readonly personal?: Readonly<Record<string, string>>;
  /** The data field that names a person whose key is destroyed because of this event. */
  readonly erases?: string;
  /** One sentence for the audit history, without personal data. */
  readonly summary: string;
  /** Changes that do not stand in the data as a pair `x` and `previousX`. */
  readonly changes?: readonly Change[];
  /** True: a technical fact, not part of anybody's audit history. */
  readonly technical?: boolean;
}

export type Catalogue<Types extends string = string> = Readonly<Record<Types, CatalogueEntry>>;
