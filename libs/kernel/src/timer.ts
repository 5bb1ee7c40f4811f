import type { Event, RecordedEvent } from './event.ts';

/** Something the product will do by itself. */
export interface Due {
  /** Within the kind; setting it again moves it. */
  readonly key: string;
  /** ISO 8601 UTC with milliseconds. */
  readonly dueAt: string;
  /** Whose `/upcoming` shows it; null: nobody's. */
  readonly organizationId: string | null;
  /** What it happens to: timers of one subject fire one after the other. */
  readonly subject: { readonly type: string; readonly id: string };
  /** Of the command. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** How many people it touches, or the domain name whose managed users it touches. */
  readonly affects: { readonly users: number } | { readonly managedUsersOf: string };
}

/** It will not happen any more. */
export interface CalledOff {
  readonly key: string;
  readonly dueAt: null;
}

export const calledOff = (key: string): CalledOff => ({ key, dueAt: null });

/** A sentence: since this happened, do that at such a time. Whoever issues the command decides again. */
export interface Timer<Events extends Event = Event> {
  /** snake_case, as `/upcoming` tells it. */
  readonly kind: string;
  /** Raise it when older events would set it otherwise than they did. */
  readonly version: number;
  /** Name of the command class; the command writes an event that sets the timer anew or calls it off. */
  readonly command: string;
  /** Where the subject's name stands: the read model, the field, and the document's key when it is not the id. */
  readonly named?: {
    readonly projection: string;
    readonly field: string;
    readonly key?: (subjectId: string, organizationId: string) => string;
  };
  /** False: work under way that nobody needs to be warned of. Default true. */
  readonly announced?: boolean;
  readonly on: {
    readonly [Type in Events['type']]?: (
      event: RecordedEvent<Extract<Events, { type: Type }>>,
    ) => Due | CalledOff | readonly (Due | CalledOff)[];
  };
}
