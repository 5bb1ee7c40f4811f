import type { Event, RecordedEvent } from './event.ts';

/** A command somebody must issue because something happened. */
export interface FollowOn {
  /** Name of the command class. */
  readonly command: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** What it acts on, for dry runs and for the parked list. */
  readonly resource: { readonly type: string; readonly id: string };
  /** Issued with the refusal's code as `reason` when the command is refused; without it a refusal is parked. */
  readonly otherwise?: Omit<FollowOn, 'otherwise'>;
}

/** A sentence: when this happened, do that. At least once, never replayed on rebuild. */
export interface Policy<Events extends Event = Event> {
  readonly name: string;
  /** False: nobody's answer waits for it (mail). Default true. */
  readonly awaited?: boolean;
  readonly on: {
    readonly [Type in Events['type']]?: (
      event: Pick<
        RecordedEvent<Extract<Events, { type: Type }>>,
        'id' | 'type' | 'data' | 'stream' | 'metadata'
      >,
    ) => readonly FollowOn[];
  };
}
