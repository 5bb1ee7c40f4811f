import { RecentlyUsed } from '#cache';
import { type Clock, isoTime, pause, Waiting } from '#clock';
import { type Commands, Effects } from '#commands';
import type { EventStore } from '#event-store';
import {
  type Event,
  type EventMetadata,
  type FollowOn,
  isRefusal,
  type Policy,
  type RecordedEvent,
} from '#kernel';
import type { DocumentStore, StoredDocument } from '#read-models';

// biome-ignore lint/suspicious/noExplicitAny: a registry holds policies on every event type.
export type AnyPolicy = Policy<any>;

export interface Checkpoint extends StoredDocument {
  readonly position: number;
}

/** A follow-on command that a rule refused or that failed; kept by reference, so it holds no personal data. */
export interface Parked extends StoredDocument {
  readonly policy: string;
  readonly command: string;
  readonly resource: { readonly type: string; readonly id: string };
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly index: number;
  readonly code: string;
  readonly detail: string;
  readonly parkedAt: string;
}

export interface PolicyObserver {
  parked(parked: Parked): void;
  interrupted(error: Error): void;
}

export interface PolicyOptions {
  /** True when other processes wait for the stored checkpoint: it is then written after each batch. */
  readonly watched: boolean;
  /** Position of the newest event of a correlation that this process has not seen pass; undefined: not known yet. */
  readonly lastOf: (correlationId: string) => Promise<number | undefined>;
}

const SETTLE_MS = 2_000;
const REMEMBERED = 20_000;
const ATTEMPTS = 3;
/** More would keep others waiting. */
const AT_ONCE = 16;
/** Index of a parked reaction of which not even the commands are known. */
const WHOLE = -1;
/** What a crash makes it see again is harmless, so the checkpoint need not be written every time. */
const CHECKPOINT_EVERY_MS = 250;
/** Errors that pass by themselves: a store is away, a read model is catching up. */
const PASSING = new Set(['StoreUnavailable', 'StorageFailure', 'ReadModelBehind']);

const failed = { code: 'internal_error', detail: 'This failed here; see the log.' };

/** A policy that throws is a bug: what it would have asked for is not known. */
const unknownFollowOn = ({ stream }: RecordedEvent): FollowOn => ({
  command: '',
  fields: {},
  resource: { type: stream.slice(0, stream.indexOf('-')), id: stream.slice(stream.indexOf('-') + 1) },
});

/** Another release may have parked it, whose policy asked in another order. */
const meantBy = (
  { index, command, resource: { type, id } }: Parked,
  followOns: readonly FollowOn[],
): readonly (readonly [number, FollowOn])[] => {
  const asked = [...followOns.entries()];
  if (index === WHOLE) return asked;
  const same = asked.filter(
    ([, { command: name, resource }]) => name === command && resource.type === type && resource.id === id,
  );
  const there = same.filter(([at]) => at === index);
  return there.length > 0 ? there : same;
};

/** In order; the same command for different things, again and again, need not wait for itself: they share a commit. */
const besideEachOther = (followOns: readonly FollowOn[]): (readonly [number, FollowOn])[][] => {
  const groups: (readonly [number, FollowOn])[][] = [];
  const things = new Set<string>();
  for (const [index, followOn] of followOns.entries()) {
    const { command, resource } = followOn;
    const thing = `${resource.type}-${resource.id}`;
    const group = groups.at(-1);
    if (group?.[0]?.[1].command === command && group.length < AT_ONCE && !things.has(thing))
      group.push([index, followOn]);
    else {
      groups.push([[index, followOn]]);
      things.clear();
    }
    things.add(thing);
  }
  return groups;
};

/** True when an answer must wait for what policies make of such an event. */
export const isAwaited = (policies: readonly AnyPolicy[], eventType: string): boolean =>
  policies.some((policy) => policy.awaited !== false && policy.on[eventType]);

/** What a policy asks for because of an event that is about to be. */
const foreseen = (policy: AnyPolicy, event: Event): readonly FollowOn[] =>
  policy.on[event.type]?.({ id: '', stream: '', metadata: {} as EventMetadata, ...event }) ?? [];

const byEventType = (policies: readonly AnyPolicy[]): ReadonlyMap<string, readonly AnyPolicy[]> => {
  const types = new Set(policies.flatMap(({ on }) => Object.keys(on)));
  return new Map([...types].map((type) => [type, policies.filter(({ on }) => on[type])]));
};

/**
 * Follows the log with its own checkpoint and issues what the policies ask for: at least once, in log order within
 * one correlation, with command ids derived from the event, so that repetition is harmless. What is refused is parked,
 * visible and can be tried again.
 */
export class PolicyRunner extends Effects {
  readonly #events: EventStore;
  readonly #records: DocumentStore;
  #commands: Pick<Commands, 'follow'> = {
    follow: () => Promise.reject(new Error('policies are not started')),
  };
  readonly #clock: Clock;
  readonly #policies: readonly AnyPolicy[];
  /** Those that react to an event of a type, in order. */
  readonly #reacting: ReadonlyMap<string, readonly AnyPolicy[]>;
  readonly #observer: PolicyObserver;
  readonly #options: PolicyOptions;
  readonly #abort = new AbortController();
  readonly #checkpoints = new Map<string, number>();
  readonly #reached = new RecentlyUsed<string, number>(REMEMBERED);
  /** Of a correlation everything up to here has been reacted to, whatever else is under way. */
  readonly #passed = new RecentlyUsed<string, number>(REMEMBERED);
  #wakes = false;
  readonly #waiting = new Waiting();
  #handled = 0;
  #saved = 0;
  #savedAt = 0;
  #running: Promise<unknown> = Promise.resolve();

  constructor(
    events: EventStore,
    records: DocumentStore,
    clock: Clock,
    policies: readonly AnyPolicy[],
    observer: PolicyObserver,
    options: PolicyOptions,
  ) {
    super();
    this.#options = options;
    this.#events = events;
    this.#records = records;
    this.#clock = clock;
    this.#policies = policies;
    this.#reacting = byEventType(policies);
    this.#observer = observer;
  }

  /** Commands need policies (to wait for their effects) and policies need commands: this closes the circle. */
  issueThrough(commands: Pick<Commands, 'follow'>): void {
    this.#commands = commands;
  }

  /** Everything up to this position has been reacted to. */
  get position(): number {
    return this.#handled;
  }

  async start(): Promise<void> {
    const names = this.#policies.map(({ name }) => name);
    const stored = await this.#records
      .collection<Checkpoint>('policies')
      .find({ _id: { $in: names } })
      .toArray();
    this.#handled = stored.length > 0 ? Math.min(...stored.map(({ position }) => position)) : 0;
    // A policy that is new to this log begins where the others stand: what was before it is not its to react to.
    for (const name of names) this.#checkpoints.set(name, this.#handled);
    for (const { _id, position } of stored) this.#checkpoints.set(_id, position);
    this.#saved = this.#handled;
    this.#running = this.#follow();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#waiting.wake();
    await this.#running;
    await this.#save().catch((error) => this.#observer.interrupted(error));
  }

  awaited(eventType: string): boolean {
    return isAwaited(this.#reacting.get(eventType) ?? [], eventType);
  }

  /** What would follow from events, for a dry run. */
  foresee(events: readonly Event[]): { command: string; resource: FollowOn['resource'] }[] {
    return events.flatMap((event) =>
      (this.#reacting.get(event.type) ?? []).flatMap((policy) =>
        foreseen(policy, event).map(({ command, resource }) => ({ command, resource })),
      ),
    );
  }

  /** Many policies look at an event and ask for nothing: nobody's answer waits for those. */
  awaits(events: readonly Event[]): boolean {
    return events.some((event) =>
      (this.#reacting.get(event.type) ?? []).some((policy) => {
        if (policy.awaited === false) return false;
        try {
          return foreseen(policy, event).length > 0;
        } catch {
          return true;
        }
      }),
    );
  }

  async #follow(): Promise<void> {
    let delay = 50;
    while (!this.#abort.signal.aborted) {
      try {
        for await (const batch of this.#events.follow({ after: this.#handled, signal: this.#abort.signal })) {
          await this.#react(batch);
          delay = 50;
        }
      } catch (error) {
        this.#observer.interrupted(error as Error);
        await pause(delay, this.#abort.signal);
        delay = Math.min(delay * 2, 2_000);
      }
    }
  }

  async #react(batch: readonly RecordedEvent[]): Promise<void> {
    const byCorrelation = Map.groupBy(batch, ({ metadata }) => metadata?.correlationId);
    await Promise.all([...byCorrelation].map(([correlationId, events]) => this.#pass(correlationId, events)));
    this.#handled = batch.at(-1)?.position ?? this.#handled;
    this.#waiting.wake();
    const due = this.#options.watched || performance.now() - this.#savedAt > CHECKPOINT_EVERY_MS;
    if (this.#handled !== this.#saved && due) await this.#save();
  }

  /** Whoever waits for one correlation does not wait for the others of its batch. */
  async #pass(correlationId: string | undefined, events: readonly RecordedEvent[]): Promise<void> {
    for (const event of events)
      for (const policy of this.#reacting.get(event.type) ?? []) await this.#apply(policy, event);
    if (correlationId === undefined) return;
    this.#passed.set(correlationId, events.at(-1)?.position ?? 0);
    if (this.#wakes) return;
    this.#wakes = true;
    // Once for all that pass in the same moment.
    process.nextTick(() => {
      this.#wakes = false;
      this.#waiting.wake();
    });
  }

  async #apply(policy: AnyPolicy, event: RecordedEvent): Promise<void> {
    const react = policy.on[event.type];
    if (!react || event.position <= (this.#checkpoints.get(policy.name) ?? 0)) return;
    if (event.unreadable) {
      const unreadable = { code: 'event_unreadable', detail: event.unreadable };
      return this.#park(policy.name, event, unknownFollowOn(event), WHOLE, unreadable);
    }
    if (policy.awaited !== false) this.#reach(event, event.position);
    let followOns: readonly FollowOn[];
    try {
      followOns = react(event);
    } catch (error) {
      this.#observer.interrupted(error as Error);
      return this.#park(policy.name, event, unknownFollowOn(event), WHOLE, failed);
    }
    for (const group of besideEachOther(followOns)) {
      const done = await Promise.allSettled(
        group.map(([index, followOn]) => this.#issueOrPark(policy.name, event, followOn, index)),
      );
      const passing = done.find(({ status }) => status === 'rejected');
      if (passing) throw (passing as PromiseRejectedResult).reason;
    }
  }

  async #issueOrPark(policy: string, event: RecordedEvent, followOn: FollowOn, index: number): Promise<void> {
    const refused = await this.#issue(policy, event, followOn, index);
    if (refused) await this.#park(policy, event, followOn, index, refused);
  }

  /** @returns why it was refused for good, if it was. @throws what may pass by itself: the store is away. */
  async #issue(
    policy: string,
    event: RecordedEvent,
    followOn: FollowOn,
    index: number,
  ): Promise<{ code: string; detail: string } | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const outcome = await this.#commands.follow(followOn, event, policy, index);
        if (!isRefusal(outcome)) {
          if ('position' in outcome) this.#reach(event, Number(outcome.position));
          return undefined;
        }
        if (!followOn.otherwise) return outcome;
        const fields = { ...followOn.otherwise.fields, reason: outcome.code };
        return this.#issue(policy, event, { ...followOn.otherwise, fields }, index);
      } catch (error) {
        if (PASSING.has((error as Error).name)) throw error;
        this.#observer.interrupted(error as Error);
        if (attempt >= ATTEMPTS) return failed;
      }
    }
  }

  /** Only what was seen from its first event on: after a restart the rest of a correlation would tell too little. */
  #reach({ metadata: { correlationId, causationId } }: RecordedEvent, position: number): void {
    const before = this.#reached.get(correlationId);
    if (before === undefined && causationId !== null) return;
    this.#reached.set(correlationId, Math.max(before ?? 0, position));
  }

  async #park(
    policy: string,
    event: RecordedEvent,
    { command, resource }: FollowOn,
    index: number,
    { code, detail }: { code: string; detail: string },
  ): Promise<void> {
    const { stream, revision, position } = event;
    const _id = `${event.id}.${policy}.${index}`;
    const parked = {
      policy,
      command,
      resource,
      stream,
      revision,
      position,
      index,
      code,
      detail,
      parkedAt: isoTime(this.#clock.now()),
    };
    await this.#records.collection<Parked>('parked').replaceOne({ _id }, parked, { upsert: true });
    this.#observer.parked({ _id, ...parked });
  }

  /** Asked of the store, so that processes without policies know it too. */
  countParked(): Promise<number> {
    return this.#records.collection<Parked>('parked').countDocuments({});
  }

  parked(): Promise<Parked[]> {
    return this.#records
      .collection<Parked>('parked')
      .find({})
      .sort({ position: 1 })
      .limit(200)
      .toArray() as Promise<Parked[]>;
  }

  /** Tries a parked command again; true when it worked, undefined when there is none of that id. */
  async retry(id: string): Promise<boolean | undefined> {
    const parked = await this.#records.collection<Parked>('parked').findOne({ _id: id });
    if (!parked) return undefined;
    const [event] = await this.#events.read(parked.stream, { from: parked.revision, limit: 1 });
    const policy = this.#policies.find(({ name }) => name === parked.policy);
    if (!event || !policy) return undefined;
    if (event.unreadable) return false;
    const followOns: readonly FollowOn[] = policy.on[event.type]?.(event) ?? [];
    const meant = meantBy(parked, followOns);
    if (meant.length === 0 && parked.index !== WHOLE) return false;
    for (const [index, followOn] of meant)
      if (await this.#issue(parked.policy, event, followOn, index)) return false;
    await this.#records.collection<Parked>('parked').deleteOne({ _id: id });
    return true;
  }

  async settle(position: number, correlationId: string): Promise<{ position: number; settled: boolean }> {
    const deadline = performance.now() + SETTLE_MS;
    let target = position;
    const isHandled = () => this.#handled >= target || (this.#passed.get(correlationId) ?? 0) >= target;
    for (;;) {
      const left = Math.max(0, deadline - performance.now());
      if (!(await this.#waiting.until(isHandled, this.#abort.signal, left)))
        return { position: target, settled: false };
      const last = this.#reached.get(correlationId) ?? (await this.#options.lastOf(correlationId));
      if (last === undefined) return { position: target, settled: false };
      const reached = Math.max(target, last);
      if (reached === target) return { position: target, settled: true };
      target = reached;
    }
  }

  async #save(): Promise<void> {
    const position = this.#handled;
    if (position === this.#saved) return;
    this.#savedAt = performance.now();
    const writes = this.#policies.map(({ name }) => ({
      replaceOne: { filter: { _id: name }, replacement: { position }, upsert: true },
    }));
    await this.#records.collection<Checkpoint>('policies').bulkWrite(writes);
    for (const { name } of this.#policies) this.#checkpoints.set(name, position);
    this.#saved = position;
  }
}
