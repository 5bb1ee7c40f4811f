import type { CalledOff, Due, Projection, Reaction, RecordedEvent, Timer } from '#kernel';

// biome-ignore lint/suspicious/noExplicitAny: a registry holds timers on every event type.
export type AnyTimer = Timer<any>;

/** A timer that is set; the key is `kind.key`. */
export interface TimerView extends Due {
  readonly kind: string;
  readonly announced: boolean;
  /** The event because of which it will fire. */
  readonly setBy: { readonly id: string; readonly type: string; readonly occurredAt: string };
}

const changesOf = (timer: AnyTimer, event: RecordedEvent): readonly (Due | CalledOff)[] => {
  const changes = timer.on[event.type]?.(event) ?? [];
  return 'key' in changes ? [changes] : changes;
};

const idOf = ({ kind }: AnyTimer, key: string): string => `${kind}.${key}`;

const reactionOf = (timers: readonly AnyTimer[]): Reaction<TimerView> => ({
  key: (event) => timers.flatMap((timer) => changesOf(timer, event).map(({ key }) => idOf(timer, key))),
  to: (_document, event, id) => {
    const set = timers.flatMap((timer) =>
      changesOf(timer, event).flatMap((change) =>
        idOf(timer, change.key) === id && change.dueAt !== null ? [{ timer, due: change }] : [],
      ),
    );
    const [first] = set;
    if (!first) return null;
    const { id: eventId, type, metadata } = event;
    return {
      ...first.due,
      kind: first.timer.kind,
      announced: first.timer.announced ?? true,
      setBy: { id: eventId, type, occurredAt: metadata.occurredAt },
    };
  },
});

/** Raised with what is kept of every timer. */
const SHAPE = 1;

/** Every timer of the house in one read model: what is due is one query. */
export const timersProjection = (timers: readonly AnyTimer[]): Projection<TimerView> => ({
  name: 'timers',
  // Another timer or another version of one: filled anew from the log.
  version: timers.reduce((sum, { version }) => sum + version, SHAPE),
  indexes: [
    { dueAt: 1 },
    { organizationId: 1, announced: 1, dueAt: 1 },
    { organizationId: 1, announced: 1, kind: 1, dueAt: 1 },
  ],
  on: Object.fromEntries(
    [...new Set(timers.flatMap(({ on }) => Object.keys(on)))].map((type) => [
      type,
      reactionOf(timers.filter(({ on }) => on[type])),
    ]),
  ),
});
