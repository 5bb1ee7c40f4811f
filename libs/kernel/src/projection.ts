import type { Event, RecordedEvent } from './event.ts';

export type Scalar = string | number | boolean | null;

/** Field path to direction; compound in the order written. */
export type IndexSpec = Readonly<Record<string, 1 | -1>>;

export interface Reaction<Document extends object, E extends Event = Event> {
  /** Which documents the event touches; known from the event alone. */
  readonly key: (event: RecordedEvent<E>) => string | readonly string[];
  /** The next document, or null to remove it. Pure. Returning the same object writes nothing. */
  readonly to: (document: Document | undefined, event: RecordedEvent<E>, key: string) => Document | null;
}

/** A read model as a table: the handled events are the keys of `on`. */
export interface Projection<Document extends object, Events extends Event = Event> {
  readonly name: string;
  /** Raise it to change the shape: a new collection fills beside the old one, then the reader switches. */
  readonly version: number;
  /**
   * The earliest version whose documents, totals and columns say everything that is read of them today; without it
   * only its own. Earlier ones are not read after an upgrade: until the new one is filled, readers are told to wait.
   */
  readonly since?: number;
  readonly indexes: readonly IndexSpec[];
  /** Of current documents only: what an earlier state is asked for goes by others. */
  readonly currentIndexes?: readonly IndexSpec[];
  /**
   * Totals kept beside the documents: one counter per scope and combination of these fields, so that a list
   * knows its total under every filter on them without counting.
   */
  readonly counted?: {
    readonly scope: keyof Document & string;
    readonly by: readonly (keyof Document & string)[];
    /** Lists in the order of these are one walk, however the fields above are filtered. */
    readonly inOrderOf?: readonly (keyof Document & string)[];
  };
  /** The words that are searched by prefix within a scope, and the orders of such lists. */
  readonly searched?: {
    readonly scope: keyof Document & string;
    readonly in: keyof Document & string;
    readonly inOrderOf: readonly (keyof Document & string)[];
  };
  /** True: documents are written once and never change (history), so they need no versions. */
  readonly immutable?: boolean;
  /**
   * True: a document for nearly every event. Where there is very much to read at the first start, it is filled when
   * the others are readable: theirs then lie together in the file.
   */
  readonly bulky?: boolean;
  /**
   * Fields that hold ids of persons, or lists of them, whose personal data may stand in the document. An index must
   * begin with each: by them the documents of an erased person are found and told anew.
   */
  readonly persons?: readonly (keyof Document & string)[];
  readonly on: { readonly [Type in Events['type']]?: Reaction<Document, Extract<Events, { type: Type }>> };
}
