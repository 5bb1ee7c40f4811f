import fc from 'fast-check';
import type { Event, Projection, RecordedEvent } from '#kernel';
import type { DocumentStore } from '#read-models';
import { recordedLog } from './scripted-log.ts';

/** A small read model with every trait a real one has: several keys per event, removal, counters, odd names. */
export interface Thing {
  readonly org: string;
  readonly kind: string;
  readonly flag: boolean;
  readonly name: string | null;
  readonly words: readonly string[];
  readonly touched: number;
}

type Set = Event<'ThingSet', Pick<Thing, 'org' | 'kind' | 'flag' | 'name'> & { keys: string[] }>;
export type ThingEvent =
  | Set
  | Event<'ThingTouched', { keys: string[] }>
  | Event<'ThingRemoved', { keys: string[] }>
  | Event<'ThingIgnored', { keys: string[] }>;

const keys = { key: ({ data }: RecordedEvent<ThingEvent>) => data.keys };

export const things: Projection<Thing, ThingEvent> = {
  name: 'things',
  version: 1,
  indexes: [
    { org: 1, name: 1 },
    { org: 1, touched: 1 },
    { org: 1, words: 1 },
  ],
  counted: { scope: 'org', by: ['kind', 'flag'], inOrderOf: ['name'] },
  searched: { scope: 'org', in: 'words', inOrderOf: ['name', 'touched'] },
  on: {
    ThingSet: {
      ...keys,
      to: (thing, { data: { org, kind, flag, name } }) => ({
        org,
        kind,
        flag,
        name,
        words: name ? [name] : [],
        touched: (thing?.touched ?? 0) + 1,
      }),
    },
    ThingTouched: { ...keys, to: (thing) => (thing ? { ...thing, touched: thing.touched + 1 } : null) },
    ThingRemoved: { ...keys, to: () => null },
  },
};

/** What every projection means: its reactions, one event at a time, in a map. */
export const naiveFold = (
  projection: Projection<Thing, ThingEvent>,
  events: readonly RecordedEvent[],
): Map<string, Thing> => {
  const documents = new Map<string, Thing>();
  for (const event of events) {
    const reaction = projection.on[event.type as 'ThingSet'];
    if (!reaction) continue;
    const next = new Map<string, Thing | null>();
    for (const key of reaction.key(event as never))
      next.set(key, reaction.to(documents.get(key), event as never, key));
    for (const [key, thing] of next)
      if (thing === null) documents.delete(key);
      else documents.set(key, thing);
  }
  return documents;
};

const ids = ['t1', 't2', 't3', 't4'];
/** Before and after each other in UTF-16 and in UTF-8 differently. */
export const names = ['a', 'ab', 'abc', 'b', 'é', '\uff21', '\u{1f600}', '\u{1f600}b', null] as const;

const event: fc.Arbitrary<ThingEvent> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('ThingSet' as const),
      data: fc.record({
        org: fc.constantFrom('org_1', 'org_2'),
        kind: fc.constantFrom('k1', 'k2'),
        flag: fc.boolean(),
        name: fc.constantFrom(...names),
        keys: fc.subarray(ids, { minLength: 1, maxLength: 2 }),
      }),
    }),
  },
  ...(['ThingTouched', 'ThingRemoved', 'ThingIgnored'] as const).map((type) => ({
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant(type),
      data: fc.record({ keys: fc.subarray(ids, { minLength: 1, maxLength: 2 }) }),
    }),
  })),
);

export const randomLog = (length: { minLength: number; maxLength: number }): fc.Arbitrary<RecordedEvent[]> =>
  fc
    .array(fc.record({ stream: fc.constantFrom('thing-1', 'thing-2', 'thing-3'), event }), length)
    .map((plan) => {
      const recorded = recordedLog();
      return plan.map((planned) => recorded(planned.stream, planned.event));
    });

export const batchSizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });

const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, canonical(member)]));
};

/** Everything that one build keeps, as text: two builds are the same when these are. */
export const dumpOf = async (store: DocumentStore, build: string): Promise<string> => {
  const lines: string[] = [];
  for (const name of await store.names()) {
    if (name !== build && !['.past', '.cells', '.counts'].some((part) => name === build + part)) continue;
    for (const document of await store.collection(name).find({}).sort({ _id: 1 }).toArray())
      lines.push(`${name.slice(build.length)} ${JSON.stringify(canonical(document))}`);
  }
  return lines.join('\n');
};
