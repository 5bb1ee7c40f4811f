import { RecentlyUsed } from '#cache';
import { type Clock, isoTime } from '#clock';
import { type EventStore, type NewEvent, NO_STREAM, RevisionConflict } from '#event-store';
import {
  type Decider,
  type Event,
  type EventMetadata,
  isRefusal,
  notFound,
  type RecordedEvent,
  type Refusal,
  refuse,
} from '#kernel';
import {
  awaited,
  correlation,
  type DryRun,
  type Envelope,
  isRepeatable,
  namedUuid,
  type Outcome,
  type Principal,
  type Receipt,
} from './envelope.ts';

/** Conflicts decided anew before the caller is told. */
const ATTEMPTS = 8;

/** What one command wrote to one stream; the stream itself remembers it for ever. */
export interface Trace<State = unknown> {
  /** Right after the command: a repeat is answered from it, whatever has happened since. */
  readonly state: State;
  readonly fingerprint: string;
  readonly correlationId: string;
  readonly revision: number;
  readonly position: number;
  readonly events: readonly { readonly id: string; readonly type: string }[];
}

export interface Loaded<State> {
  readonly state: State;
  /** -1 when the stream does not exist. */
  readonly revision: number;
  readonly position: number;
  readonly traces: Map<string, Trace<State>>;
}

/** One stream, one decision. */
export interface Step<State, Command, E extends Event> {
  readonly decider: Decider<State, Command, E>;
  /** The aggregate's id; the stream is `category-id`. */
  readonly id: string;
  /**
   * From the loaded state, so that what is gathered elsewhere can be weighed against it; what is gathered here is at
   * least as new as that state, and gathered again when another command was faster.
   */
  readonly command: Command | ((state: State) => Command | Refusal | Promise<Command | Refusal>);
  /** Asked on the loaded state before anything is decided. Absent: the caller was authorized elsewhere. */
  readonly authorize?: (principal: Principal, state: State) => Refusal | undefined;
  /** True: the id is made of the command's; where that one is random, no such stream is looked for. */
  readonly made?: boolean;
  /** True: a later step of the same command follows, and only the last one's answer waits for the disk. */
  readonly ahead?: boolean;
  /** The command's own fields of the receipt, from the state after it. */
  readonly answer?: (state: State) => object;
}

/** What a step needs so that it can be answered again. */
export type Answering<State, E extends Event> = Omit<Step<State, never, E>, 'command'>;

interface Ahead {
  readonly newest: Loaded<unknown>;
  readonly onDisk: Promise<void>;
}

/** An outcome that nobody may be told before what it rests on is on the disk. */
interface Pending {
  readonly outcome: Outcome;
  readonly onDisk?: Promise<void>;
}

/** What follows from events. */
export interface Foresight {
  /** For a dry run. */
  foresee(events: readonly Event[]): DryRun['effects'];
  /** Whether an answer waits for any of it. */
  awaits(events: readonly Event[]): boolean;
}

/**
 * The one way a command travels (architecture.md): load, answer a repeat, authorize, decide, append at the revision
 * that was read; on a conflict load and decide again, never when the caller named the revision.
 */
export class Execution {
  readonly #store: EventStore;
  readonly #clock: Clock;
  readonly #foresight: Foresight;
  readonly #cache = new RecentlyUsed<string, Loaded<unknown>>(50_000);
  readonly #queues = new Map<string, Promise<unknown>>();
  /** Streams whose newest events are not on the disk yet. */
  readonly #ahead = new Map<string, Ahead>();

  constructor(store: EventStore, clock: Clock, foresight: Foresight) {
    this.#store = store;
    this.#clock = clock;
    this.#foresight = foresight;
  }

  now(): string {
    return isoTime(this.#clock.now());
  }

  /** Nothing of a person who was erased stays in memory; every stream is read again when it is needed. */
  forget(): void {
    this.#cache.clear();
  }

  /** The newest state of an aggregate. @throws StreamUnreadable, StoreUnavailable */
  async load<State, E extends Event>(decider: Decider<State, never, E>, id: string): Promise<Loaded<State>> {
    const stream = `${decider.category}-${id}`;
    const cached = this.#cache.get(stream) as Loaded<State> | undefined;
    const known = cached ?? { state: decider.initial, revision: NO_STREAM, position: 0, traces: new Map() };
    if (this.#store.isNewest?.(stream, known.revision)) return known;
    const events = await this.#store.read(stream, { from: known.revision + 1 });
    if (events.length === 0) return known;
    const loaded = events.reduce((before, event) => advanced(decider, before, event), known);
    this.#cache.set(stream, loaded);
    return loaded;
  }

  async run<State, Command, E extends Event>(
    step: Step<State, Command, E>,
    envelope: Envelope,
  ): Promise<Outcome> {
    const stream = `${step.decider.category}-${step.id}`;
    const { outcome, onDisk } = await this.#inTurn(stream, () =>
      this.#attempt(stream, step, envelope, ATTEMPTS),
    );
    await onDisk;
    return outcome;
  }

  /**
   * P2: the first answer, when the command was done already. Whoever asks more than the stream before the decision
   * asks this first: what was done is answered, whatever right or thing has gone since.
   */
  async repeated<State, E extends Event>(
    step: Answering<State, E>,
    envelope: Envelope,
  ): Promise<Receipt | Refusal | undefined> {
    if (!isRepeatable(envelope.commandId)) return undefined;
    const stream = `${step.decider.category}-${step.id}`;
    const ahead = this.#ahead.get(stream);
    const { traces } = await this.load(step.decider, step.id);
    const again = this.#again(stream, step, envelope, traces);
    if (again) await ahead?.onDisk;
    return again;
  }

  #again<State, E extends Event>(
    stream: string,
    step: Answering<State, E>,
    { commandId, fingerprint }: Envelope,
    traces: Loaded<State>['traces'],
  ): Receipt | Refusal | undefined {
    const trace = isRepeatable(commandId) ? traces.get(commandId) : undefined;
    if (!trace) return undefined;
    return trace.fingerprint === fingerprint ? receipt(step, stream, trace) : keyReused;
  }

  /**
   * Commands on one stream wait for each other inside this process, until the one before has its place in the log; the
   * revision check stays the truth.
   */
  async #inTurn<T>(stream: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(stream);
    const turn = before ? before.then(work, work) : work();
    this.#queues.set(stream, turn);
    try {
      return await turn;
    } finally {
      if (this.#queues.get(stream) === turn) this.#queues.delete(stream);
    }
  }

  async #attempt<State, Command, E extends Event>(
    stream: string,
    step: Step<State, Command, E>,
    envelope: Envelope,
    attemptsLeft: number,
  ): Promise<Pending> {
    const { decider } = step;
    const ahead = this.#ahead.get(stream);
    const onDisk = ahead?.onDisk;
    if (step.made && !isRepeatable(envelope.commandId)) this.#store.begins?.(stream);
    const loaded = (ahead?.newest as Loaded<State> | undefined) ?? (await this.load(decider, step.id));
    const settled =
      this.#again(stream, step, envelope, loaded.traces) ??
      step.authorize?.(envelope.principal, loaded.state) ??
      conflictWith(envelope, loaded.revision);
    if (settled) return { outcome: settled, onDisk };
    const now = this.now();
    const actor = actorOf(envelope.principal);
    const command =
      typeof step.command === 'function'
        ? await (step.command as (s: State) => Command | Refusal | Promise<Command | Refusal>)(loaded.state)
        : step.command;
    if (isRefusal(command)) return { outcome: command, onDisk };
    const decision = decider.decide(command, loaded.state, { now, actor });
    if (isRefusal(decision)) return { outcome: decision, onDisk };
    if (envelope.dryRun) {
      const events = decision.map((event) => ({ ...event, stream }));
      return { outcome: { dryRun: true, events, effects: this.#foresight.foresee(decision) }, onDisk };
    }
    if (decision.length === 0) {
      const unchanged = { ...loaded, fingerprint: '', correlationId: '', events: [] };
      return { outcome: receipt(step, stream, unchanged), onDisk };
    }
    return this.#append(stream, step, envelope, loaded, decision, now, attemptsLeft);
  }

  async #append<State, Command, E extends Event>(
    stream: string,
    step: Step<State, Command, E>,
    envelope: Envelope,
    loaded: Loaded<State>,
    decision: readonly E[],
    now: string,
    attemptsLeft: number,
  ): Promise<Pending> {
    const events = this.#stamp(stream, step.decider, envelope, loaded.state, decision, now);
    try {
      const { together } = envelope;
      const ahead = step.ahead || envelope.ahead;
      const { keeps: maxCount } = step.decider;
      const appending = this.#store.append(stream, loaded.revision, events, together);
      if (maxCount !== undefined && isDue(loaded.revision + 1, events.length, maxCount))
        await Promise.all([appending, this.#store.retain(stream, { maxCount })]);
      const { revision, position, onDisk } = await appending;
      const written = events.reduce(
        (before, event, index) =>
          advanced(step.decider, before, {
            ...event,
            stream,
            revision: revision - events.length + 1 + index,
            position,
          }),
        loaded,
      );
      if (onDisk) this.#goAhead(stream, { newest: written, onDisk });
      if (!onDisk || ahead) this.#cache.set(stream, written);
      const { commandId, fingerprint, correlationId } = envelope;
      const ids = events.map(({ id, type }) => ({ id, type }));
      const trace = written.traces.get(commandId) ?? { ...written, fingerprint, correlationId, events: ids };
      if (ahead) return { outcome: receipt(step, stream, trace) };
      return { outcome: receipt(step, stream, trace, this.#foresight.awaits(decision)), onDisk };
    } catch (error) {
      this.#cache.delete(stream);
      if (!(error instanceof RevisionConflict)) throw error;
      if (envelope.ifMatch !== undefined || attemptsLeft <= 1) return { outcome: changedSince(error.actual) };
      return this.#attempt(stream, step, envelope, attemptsLeft - 1);
    }
  }

  /** Only the next in turn decides on it before it is on the disk, and whoever else looks at a step made ahead. */
  #goAhead(stream: string, ahead: Ahead): void {
    this.#ahead.set(stream, ahead);
    const isNewest = () => this.#ahead.get(stream) === ahead;
    ahead.onDisk.then(
      () => {
        if (!isNewest()) return;
        this.#ahead.delete(stream);
        this.#cache.set(stream, ahead.newest);
      },
      () => {
        if (isNewest()) this.#ahead.delete(stream);
        this.#cache.delete(stream);
      },
    );
  }

  #stamp<State, E extends Event>(
    stream: string,
    decider: Decider<State, never, E>,
    envelope: Envelope,
    before: State,
    decision: readonly E[],
    now: string,
  ): NewEvent[] {
    const { commandId, fingerprint, correlationId, causationId, source, sourceIp, userAgent } = envelope;
    const after = decision.reduce(decider.evolve, before);
    const metadata: EventMetadata = {
      commandId,
      fingerprint,
      correlationId,
      causationId,
      actor: actorOf(envelope.principal),
      source,
      sourceIp,
      userAgent,
      organizationId: decider.organizationOf(after) ?? decider.organizationOf(before),
      schemaVersion: 1,
      occurredAt: now,
    };
    return decision.map(({ type, data }, index) => ({
      id: namedUuid(`${commandId}/${stream}/${index}`, commandId),
      type,
      data,
      metadata,
    }));
  }

  /** What a command that wrote `eventType` answered, for a repeat that came by another way than its key. */
  async answered<State, Command, E extends Event>(
    step: Omit<Step<State, Command, E>, 'command'>,
    eventType: E['type'],
  ): Promise<Outcome> {
    const stream = `${step.decider.category}-${step.id}`;
    const nothing: Loaded<State> = {
      state: step.decider.initial,
      revision: NO_STREAM,
      position: 0,
      traces: new Map(),
    };
    const { traces } = (await this.#store.read(stream)).reduce(
      (before, event) => advanced(step.decider, before, event, () => true),
      nothing,
    );
    const trace = [...traces.values()].findLast(({ events }) =>
      events.some(({ type }) => type === eventType),
    );
    return trace ? receipt(step, stream, trace) : notFound;
  }
}

/** A stream holds what cannot be interpreted; nothing can be decided on it until that is repaired. */
export class StreamUnreadable extends Error {
  override readonly name = 'StreamUnreadable';
}

const changedSince = (revision: number): Refusal =>
  refuse('precondition', 'revision_conflict', 'This has changed since you read it.', { revision });

/** `If-Match` against what was loaded; a command of several steps asks before the first, so that nothing is half done. */
export const conflictWith = (
  { ifMatch }: Pick<Envelope, 'ifMatch'>,
  revision: number,
): Refusal | undefined =>
  ifMatch === undefined || ifMatch === revision ? undefined : changedSince(revision);

/** @throws where others were always faster: it was not decided, so whatever follows from it must come again. */
export const mustBeDecided = (outcome: Outcome): Outcome => {
  if (isRefusal(outcome) && outcome.code === 'revision_conflict')
    throw new Error('others were always faster');
  return outcome;
};

/** The same for what is about to be made. */
export const conflictWithNew = (envelope: Pick<Envelope, 'ifMatch'>): Refusal | undefined =>
  conflictWith(envelope, NO_STREAM);

const actorOf = ({ type, id }: Principal) => ({ type, id });

export const keyReused = refuse(
  'invalid',
  'idempotency_key_reused',
  'This Idempotency-Key was used for another command already.',
);

const receipt = <State>(
  step: { readonly id: string; readonly answer?: (state: State) => object },
  stream: string,
  trace: Trace<State>,
  waits?: boolean,
): Receipt => {
  const told: { -readonly [Field in keyof Receipt]: Receipt[Field] } = {
    id: step.id,
    stream,
    revision: trace.revision,
    position: String(trace.position),
    events: trace.events,
    ...step.answer?.(trace.state),
  };
  told[correlation] = trace.correlationId;
  if (waits !== undefined) told[awaited] = waits;
  return told;
};

/** At its beginning, and every time so many have come: an older release may have begun it without a word. */
const isDue = (before: number, more: number, maxCount: number): boolean =>
  before === 0 || Math.floor((before + more) / maxCount) > Math.floor(before / maxCount);

const advanced = <State, E extends Event>(
  decider: Decider<State, never, E>,
  before: Loaded<State>,
  event: Pick<
    RecordedEvent,
    'id' | 'type' | 'data' | 'metadata' | 'stream' | 'revision' | 'position' | 'unreadable'
  >,
  isRemembered: (commandId: string) => boolean = isRepeatable,
): Loaded<State> => {
  if (event.unreadable)
    throw new StreamUnreadable(
      `${event.stream} cannot be read at revision ${event.revision}: ${event.unreadable}`,
    );
  const { commandId, fingerprint, correlationId } = event.metadata;
  const same = before.traces.get(commandId);
  const state = decider.evolve(before.state, event as unknown as E);
  // Shared along the stream's versions: it only ever gains facts of the log, each once, whoever loads them.
  if (isRemembered(commandId) && (!same || same.revision < event.revision))
    before.traces.set(commandId, {
      state,
      fingerprint,
      correlationId,
      revision: event.revision,
      position: event.position,
      events: [...(same?.events ?? []), { id: event.id, type: event.type }],
    });
  if (decider.forgets?.(event as unknown as E))
    for (const [id, trace] of before.traces) before.traces.set(id, { ...trace, state });
  return { state, revision: event.revision, position: event.position, traces: before.traces };
};
