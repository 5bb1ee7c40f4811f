import { type Clock, isoTime, pause } from '#clock';
import type { Commands, Outcome } from '#commands';
import { isRefusal } from '#kernel';
import { ReadModelBehind, type ReadModels } from '#read-models';
import type { SharedLease } from './lease.ts';
import { type ParkedTimer, type ParkedTimers, parkedIdOf } from './parked-timers.ts';
import type { AnyTimer, TimerView } from './timers.projection.ts';

export interface TimerObserver {
  parked(parked: ParkedTimer): void;
  /** A store is away, or something failed here; it is tried again. */
  interrupted(error: Error): void;
}

export interface TimerOptions {
  readonly readModels: Pick<ReadModels, 'pages' | 'get' | 'reach'>;
  readonly log: { head(): Promise<number> };
  readonly timers: readonly AnyTimer[];
  readonly commands: Pick<Commands, 'issue'>;
  readonly parked: ParkedTimers;
  readonly lease: Pick<SharedLease, 'hold' | 'release'>;
  readonly clock: Clock;
  readonly observer: TimerObserver;
  /** Milliseconds of machine time between two looks. Default 1,000, a fifth more or less. */
  readonly pollMs?: number;
  /** Commands at once. Default 200: most of them wait for somebody's DNS. */
  readonly parallel?: number;
  /** Commands begun per second, so that what is due at once is spread and people get their turn. Default 600. */
  readonly perSecond?: number;
  readonly random?: () => number;
}

export type SetTimer = TimerView & { readonly _id: string };

const AT_ONCE = 500;
const ATTEMPTS = 3;
const LEASE_EVERY_MS = 1_000;
/** Milliseconds over which the pace is held. */
const WINDOW = 50;
/** Tries of the sandbox's clock to get through while a store is away. */
const TROUBLES = 20;
/** Errors that pass by themselves: a store is away, a read model is catching up. */
const PASSING = new Set(['StoreUnavailable', 'StorageFailure', 'ReadModelBehind']);

const failed = { code: 'internal_error', detail: 'This failed here; see the log.' };
const withoutEffect = {
  code: 'timer_without_effect',
  detail: 'The command was accepted, but the timer is still set.',
};

/** Asked to wait for everything that is due, while it cannot be done. */
export class TimersInterrupted extends Error {
  override readonly name = 'TimersInterrupted';
}

/**
 * Fires what is due: asks the read model of timers every second, under a lease, and issues the command of each with an
 * id derived from the event that set it, so that firing twice has one effect. Whether something is due is told by its
 * time alone, however late anybody looks. What a rule refuses is parked, visible and can be tried again.
 */
export class TimerRunner {
  readonly #options: TimerOptions;
  readonly #commandOf: ReadonlyMap<string, string>;
  readonly #abort = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #busy = new Set<string>();
  readonly #failures = new Map<string, number>();
  #interrupted = false;
  #read = false;
  #leaseAt = 0;
  #windowBegan = 0;
  #begunInWindow = 0;
  #looping: Promise<void> = Promise.resolve();

  constructor(options: TimerOptions) {
    this.#options = options;
    this.#commandOf = new Map(options.timers.map(({ kind, command }) => [kind, command]));
  }

  start(): void {
    this.#looping = this.#loop();
  }

  /** Begins nothing more and waits for what is under way. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#looping;
    await Promise.all(this.#running);
    await this.#options.lease.release().catch((error) => this.#options.observer.interrupted(error));
  }

  /** Fires everything that is due now, kind by kind in the order of time, and waits for it. For the sandbox's clock. */
  async fireDue(): Promise<void> {
    for (let troubles = 0; ; ) {
      this.#interrupted = false;
      const [first, ...rest] = await this.#due();
      if (!first && this.#running.size === 0) return;
      if (first) {
        const other = rest.findIndex(({ kind }) => kind !== first.kind);
        await this.#begin([first, ...rest.slice(0, other < 0 ? undefined : other)], async () => true);
      }
      await Promise.all(this.#running);
      if (!this.#interrupted) continue;
      troubles += 1;
      if (troubles > TROUBLES) throw new TimersInterrupted('what is due cannot be done now');
      await pause(50 * troubles, this.#abort.signal);
    }
  }

  /** When the next one is due, if that is not after `until`; parked ones do not count. */
  async nextDueAt(until: string): Promise<string | undefined> {
    return (await this.#page(until, 1))[0]?.dueAt;
  }

  parked(): Promise<ParkedTimer[]> {
    return this.#options.parked.all();
  }

  countParked(): Promise<number> {
    return this.#options.parked.count();
  }

  /** Tries a parked timer again; true when it worked, undefined when there is none of that id. */
  async retry(id: string): Promise<boolean | undefined> {
    const parked = await this.#options.parked.get(id);
    if (!parked) return undefined;
    const timer = await this.#options.readModels.get<TimerView>('timers', parked.timerId);
    if (timer && parkedIdOf(timer) === id && (await this.#refused(timer))) return false;
    await this.#options.parked.remove(id);
    return true;
  }

  async #loop(): Promise<void> {
    const { observer, pollMs = 1_000, random = Math.random } = this.#options;
    let delay = pollMs;
    while (!this.#abort.signal.aborted) {
      let begun = 0;
      try {
        this.#interrupted = false;
        if ((await this.#canBeRead()) && (await this.#holdsLease()))
          begun = await this.#begin(await this.#due(), () => this.#mayGoOn());
      } catch (error) {
        this.#interrupted = true;
        observer.interrupted(error as Error);
      }
      if (begun > 0 && !this.#interrupted) continue;
      delay = this.#interrupted ? Math.min(delay * 2, pollMs * 8) : pollMs;
      await pause(delay * (0.8 + random() * 0.4), this.#abort.signal);
    }
  }

  /** After a start the read model may have to be built from the log; until it shows the log, nobody knows what is due. */
  async #canBeRead(): Promise<boolean> {
    if (this.#read) return true;
    const { readModels, log } = this.#options;
    try {
      await readModels.reach(await log.head(), ['timers']);
      await readModels.get<TimerView>('timers', '');
      this.#read = true;
    } catch (error) {
      if (!(error instanceof ReadModelBehind)) throw error;
    }
    return this.#read;
  }

  async #holdsLease(): Promise<boolean> {
    this.#leaseAt = performance.now();
    return this.#options.lease.hold();
  }

  /** Keeps the pace; false when another process has the lease now. */
  async #mayGoOn(): Promise<boolean> {
    const { perSecond = 600 } = this.#options;
    const left = this.#windowBegan + WINDOW - performance.now();
    if (left <= 0) this.#begunInWindow = 0;
    else if (this.#begunInWindow >= (perSecond * WINDOW) / 1_000) {
      await pause(Math.ceil(left), this.#abort.signal);
      this.#begunInWindow = 0;
    }
    if (this.#begunInWindow === 0) this.#windowBegan = performance.now();
    this.#begunInWindow += 1;
    return performance.now() - this.#leaseAt < LEASE_EVERY_MS || this.#holdsLease();
  }

  /** Starts them in order, so many at once; those of one subject wait for each other. */
  async #begin(timers: readonly SetTimer[], mayGoOn: () => Promise<boolean>): Promise<number> {
    const { parallel = 200 } = this.#options;
    let begun = 0;
    for (const timer of timers) {
      while (this.#running.size >= parallel) await Promise.race(this.#running);
      if (this.#abort.signal.aborted || this.#interrupted || !(await mayGoOn())) break;
      const subject = subjectOf(timer);
      if (this.#busy.has(subject)) continue;
      this.#busy.add(subject);
      begun += 1;
      const firing = this.#fire(timer).finally(() => {
        this.#busy.delete(subject);
        this.#running.delete(firing);
      });
      this.#running.add(firing);
    }
    return begun;
  }

  /** Due now, soonest first, the first of each subject that nothing is done to at this moment. */
  async #due(): Promise<SetTimer[]> {
    const { clock } = this.#options;
    const seen = new Set(this.#busy);
    return (await this.#page(isoTime(clock.now()), AT_ONCE)).filter((timer) => {
      const subject = subjectOf(timer);
      return !seen.has(subject) && seen.add(subject);
    });
  }

  async #page(until: string, limit: number): Promise<SetTimer[]> {
    const { readModels, parked } = this.#options;
    await this.#dropOutdated();
    const found: SetTimer[] = [];
    const due = { where: { dueAt: { upTo: until } }, by: 'dueAt', limit: AT_ONCE };
    for await (const timers of readModels.pages<TimerView>('timers', due)) {
      const waiting = await parked.among(timers.map(parkedIdOf));
      found.push(...timers.filter((timer) => !waiting.has(parkedIdOf(timer))));
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  /** What was set anew or called off meanwhile is parked no longer. */
  async #dropOutdated(): Promise<void> {
    const { parked, readModels } = this.#options;
    for (const { _id, timerId } of await parked.all()) {
      const timer = await readModels.get<TimerView>('timers', timerId);
      if (!timer || parkedIdOf(timer) !== _id) await parked.remove(_id);
    }
  }

  async #fire(timer: SetTimer): Promise<void> {
    const { observer } = this.#options;
    const id = parkedIdOf(timer);
    try {
      const refused = await this.#refused(timer);
      this.#failures.delete(id);
      if (refused) await this.#park(timer, refused);
    } catch (error) {
      observer.interrupted(error as Error);
      this.#interrupted = true;
      if (PASSING.has((error as Error).name)) return;
      const failures = (this.#failures.get(id) ?? 0) + 1;
      this.#failures.set(id, failures);
      if (failures < ATTEMPTS) return;
      this.#failures.delete(id);
      await this.#park(timer, failed).catch((trouble) => observer.interrupted(trouble));
    }
  }

  /** @returns why it cannot fire, when it is still set although its command was issued. */
  async #refused(timer: SetTimer): Promise<{ code: string; detail: string } | undefined> {
    const { commands, log, clock } = this.#options;
    const { kind, fields, setBy } = timer;
    const command = this.#commandOf.get(kind) ?? '';
    const outcome = await commands.issue({ command, fields }, parkedIdOf(timer), setBy.id);
    const written = writtenTo(outcome);
    if (written !== undefined && !(await this.#isSet(timer, written))) return undefined;
    // Not done by what it wrote, so whatever else is in the log has to be seen before anybody is alarmed.
    if (!(await this.#isSet(timer, await log.head()))) return undefined;
    // The clock was set back meanwhile: it will be due again.
    if (timer.dueAt > isoTime(clock.now())) return undefined;
    return isRefusal(outcome) ? outcome : withoutEffect;
  }

  async #isSet(timer: SetTimer, position: number): Promise<boolean> {
    const { readModels } = this.#options;
    await readModels.reach(position, ['timers']);
    const now = await readModels.get<TimerView>('timers', timer._id);
    return now?.setBy.id === timer.setBy.id;
  }

  async #park(timer: SetTimer, { code, detail }: { code: string; detail: string }): Promise<void> {
    const { parked, observer, clock } = this.#options;
    const { kind, subject, dueAt, setBy } = timer;
    const entry: ParkedTimer = {
      _id: parkedIdOf(timer),
      timerId: timer._id,
      setBy: setBy.id,
      command: this.#commandOf.get(kind) ?? '',
      resource: subject,
      dueAt,
      code,
      detail,
      parkedAt: isoTime(clock.now()),
    };
    await parked.put(entry);
    observer.parked(entry);
  }
}

const subjectOf = ({ subject }: SetTimer): string => `${subject.type}/${subject.id}`;

/** Position of what a command wrote; undefined when it wrote nothing. */
const writtenTo = (outcome: Outcome): number | undefined =>
  'position' in outcome && 'events' in outcome && outcome.events.length > 0
    ? Number(outcome.position)
    : undefined;
