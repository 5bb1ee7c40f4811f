import type { Clock } from '#clock';
import type { MailOutcome, Outbox, QueuedMail } from './outbox.ts';
import { type Mail, MailFailure, type MailTransport } from './transport.ts';

export interface Timers {
  /** Answers how to call it off. */
  after(milliseconds: number, work: () => void): () => void;
}

export const machineTimers: Timers = {
  after: (milliseconds, work) => {
    const timer = setTimeout(work, milliseconds);
    return () => clearTimeout(timer);
  },
};

export interface SenderOptions {
  readonly outbox: Outbox;
  readonly transport: MailTransport;
  /** Composed anew for every try; undefined: nobody needs this mail any more, it is dropped. */
  readonly compose: (entry: QueuedMail) => Promise<Mail | undefined>;
  /** At least once per outcome, awaited before the entry is over; `deferred` is told at the first delay only. */
  readonly onResult: (entry: QueuedMail, result: MailOutcome | 'deferred') => Promise<void>;
  /** The sender's own trouble: the store does not answer, a callback failed. It goes on by itself. */
  readonly onTrouble?: (error: unknown) => void;
  readonly clock: Clock;
  readonly timers?: Timers;
  readonly random?: () => number;
  /** Mails at once. Default 4. */
  readonly parallel?: number;
  /** Tries begun per second at most, so that a burst crowds out neither the mail server nor this process. Default 200. */
  readonly perSecond?: number;
  /** Milliseconds; must be longer than one try can take. Default 120,000. */
  readonly lease?: number;
  /** Milliseconds between two looks into the outbox when nobody wakes the sender. Default 1,000. */
  readonly poll?: number;
  /** Milliseconds before the second try; each later one waits four times as long, an hour at most. Default 30,000. */
  readonly backoff?: number;
}

/** Milliseconds over which the rate is held. */
const WINDOW = 100;
const tries = 5;
const hour = 3_600_000;
const giveUpAfter = 24 * hour;

/**
 * Sends what is in the outbox: at least once, never lost (P8). The attempt is written before the server is spoken to,
 * the outcome after; a mail whose sender died is taken again when its lease has run out. Five tries that a server
 * refused make it `failed`; while no server can be reached it waits, for a day at most.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #running = new Map<string, Promise<void>>();
  #started = false;
  #pump: Promise<void> | undefined;
  #again = false;
  #cancelTimer: () => void = () => {};
  #idle: (() => void)[] = [];
  #windowBegan = 0;
  #begunInWindow = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#started = true;
    this.wake();
  }

  /** Looks into the outbox now: something was enqueued, or the clock was moved. */
  wake(): void {
    this.#again = true;
    if (!this.#started || this.#pump) return;
    this.#pump = this.#fill().finally(() => {
      this.#pump = undefined;
      if (this.#again) this.wake();
    });
  }

  /** Takes nothing new and waits for what is being sent, `grace` milliseconds at most; the rest is taken again later. */
  async stop(grace = 10_000): Promise<void> {
    this.#started = false;
    this.#cancelTimer();
    await this.#pump;
    let expire: () => void = () => {};
    const expired = new Promise<void>((resolve) => {
      expire = this.#timers.after(grace, resolve);
    });
    await Promise.race([Promise.all(this.#running.values()), expired]);
    expire();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves when nothing is being sent and nothing is due; what waits for a later try does not count. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.wake();
    });
  }

  get #timers(): Timers {
    return this.#options.timers ?? machineTimers;
  }

  async #fill(): Promise<void> {
    const { outbox, clock, onTrouble, parallel = 4, lease = 120_000, poll = 1_000 } = this.#options;
    this.#cancelTimer();
    let wait = poll;
    try {
      while (this.#again && this.#started) {
        this.#again = false;
        if (this.#running.size >= parallel) return;
        const allowed = this.#allowed();
        if (allowed === 0) {
          this.#cancelTimer = this.#timers.after(WINDOW, () => this.wake());
          return;
        }
        const asked = this.#idle.length;
        const due = await outbox.due(parallel + this.#running.size);
        const free = due
          .filter(({ _id }) => !this.#running.has(_id))
          .slice(0, Math.min(allowed, parallel - this.#running.size));
        if (!this.#started) return;
        // Together, so that they share a commit; what was claimed is begun, whatever became of those beside it.
        const claims = await Promise.allSettled(free.map((entry) => outbox.claim(entry, lease)));
        for (const claim of claims) if (claim.status === 'fulfilled' && claim.value) this.#begin(claim.value);
        const failed = claims.find(({ status }) => status === 'rejected');
        if (failed) throw (failed as PromiseRejectedResult).reason;
        if (free.length > 0 && this.#running.size === 0) this.#again = true;
        if (due.length === 0 && this.#running.size === 0)
          for (const resolve of this.#idle.splice(0, asked)) resolve();
      }
      wait = Math.min(poll, Math.max(1, ((await outbox.nextDueAt()) ?? Infinity) - clock.now()));
    } catch (error) {
      this.#again = false;
      onTrouble?.(error);
    }
    if (this.#started && !this.#again) this.#cancelTimer = this.#timers.after(wait, () => this.wake());
  }

  #allowed(): number {
    const { perSecond = 200 } = this.#options;
    const now = performance.now();
    if (now - this.#windowBegan >= WINDOW) {
      this.#windowBegan = now;
      this.#begunInWindow = 0;
    }
    return Math.max(0, Math.ceil((perSecond * WINDOW) / 1_000) - this.#begunInWindow);
  }

  #begin(entry: QueuedMail): void {
    this.#begunInWindow += 1;
    const work = this.#deliver(entry)
      .catch((error) => this.#options.onTrouble?.(error))
      .finally(() => {
        this.#running.delete(entry._id);
        this.wake();
      });
    this.#running.set(entry._id, work);
  }

  async #deliver(entry: QueuedMail): Promise<void> {
    const { outbox, transport, compose, onTrouble } = this.#options;
    if (entry.outcome) return this.#conclude(entry, entry.outcome);
    let mail: Mail | undefined;
    try {
      mail = await compose(entry);
    } catch (error) {
      onTrouble?.(error);
      return this.#postpone(entry);
    }
    if (!mail) return outbox.finish(entry);
    try {
      await transport.send(mail);
    } catch (error) {
      return this.#failed(entry, error);
    }
    await this.#conclude(entry, 'accepted');
  }

  async #failed(entry: QueuedMail, error: unknown): Promise<void> {
    const { kind, replyCode } =
      error instanceof MailFailure ? error : ({ kind: 'temporary', replyCode: undefined } as const);
    const noted = { ...entry, ...(replyCode !== undefined && { replyCode }) };
    if (kind === 'permanent') return this.#conclude(noted, 'bounced');
    if (kind === 'unreachable') return this.#postpone(noted);
    const failures = entry.failures + 1;
    if (failures >= tries) return this.#conclude({ ...noted, failures }, 'failed');
    const { backoff = 30_000 } = this.#options;
    await this.#defer({ ...noted, failures }, Math.min(hour, backoff * 4 ** (failures - 1)));
  }

  /** Nothing was said about this mail, so it does not count as one of its tries. */
  async #postpone(entry: QueuedMail): Promise<void> {
    const { clock, backoff = 30_000 } = this.#options;
    if (clock.now() - entry.enqueuedAt >= giveUpAfter) return this.#conclude(entry, 'failed');
    const postponements = entry.postponements + 1;
    await this.#defer({ ...entry, postponements }, Math.min(hour / 4, backoff * 2 ** (postponements - 1)));
  }

  async #defer(entry: QueuedMail, delay: number): Promise<void> {
    const { outbox, onResult, onTrouble, clock, random = Math.random } = this.#options;
    let { deferred } = entry;
    if (!deferred)
      try {
        await onResult(entry, 'deferred');
        deferred = true;
      } catch (error) {
        onTrouble?.(error);
      }
    const { failures, postponements, replyCode } = entry;
    await outbox.change(entry, {
      failures,
      postponements,
      ...(replyCode !== undefined && { replyCode }),
      deferred,
      lease: '',
      dueAt: clock.now() + Math.round(delay * (0.75 + random() / 2)),
    });
  }

  async #conclude(entry: QueuedMail, outcome: MailOutcome): Promise<void> {
    const { outbox, onResult, onTrouble, clock, backoff = 30_000 } = this.#options;
    try {
      await onResult(entry, outcome);
    } catch (error) {
      onTrouble?.(error);
      const { failures, replyCode } = entry;
      await outbox.change(entry, {
        outcome,
        failures,
        ...(replyCode !== undefined && { replyCode }),
        lease: '',
        dueAt: clock.now() + backoff,
      });
      return;
    }
    await outbox.finish(entry);
  }
}
