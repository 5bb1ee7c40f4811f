import { randomUUID } from 'node:crypto';
import type { Clock } from '#clock';
import type { IndexSpec } from '#kernel';
import { type Collection, type DocumentStore, DuplicateKey } from '#read-models';

/** A mail that somebody must get. Holds references only: tokens and addresses are looked up when it is sent. */
export interface OutboxEntry {
  /** The mail's id: the same entry twice is one mail. */
  readonly _id: string;
  readonly kind: string;
  /** What the mail tells about. */
  readonly event: { readonly stream: string; readonly revision: number; readonly id: string };
  /** Further ids needed to compose it. */
  readonly references?: Readonly<Record<string, string | number>>;
}

export type MailOutcome = 'accepted' | 'failed' | 'bounced';

/** Times are milliseconds of the product's clock. */
export interface QueuedMail extends OutboxEntry {
  readonly enqueuedAt: number;
  /** Nobody touches it before; while it is leased, the end of the lease. */
  readonly dueAt: number;
  /** Of the one who is sending it; empty between tries. */
  readonly lease: string;
  /** Tries begun, written before each. */
  readonly attempts: number;
  /** Tries that a server refused or did not finish. */
  readonly failures: number;
  /** Times it waited because no server was reached or it could not be composed. */
  readonly postponements: number;
  /** True once `deferred` was told. */
  readonly deferred: boolean;
  readonly replyCode?: number;
  /** Decided, but not yet told. */
  readonly outcome?: MailOutcome;
  /** Over; kept for a while, so that the same mail asked for again is not sent again. */
  readonly doneAt?: number;
}

export const outboxIndexes: readonly IndexSpec[] = [{ dueAt: 1 }, { doneAt: 1 }];

/** When what is over is due. */
const NEVER = Number.MAX_SAFE_INTEGER;
/** Policies see an event again within seconds of a crash. */
const REMEMBERED_MS = 86_400_000;

/** The mails that are still to be sent, in a store that survives the process. */
export class Outbox {
  readonly #mails: Collection<QueuedMail>;
  readonly #clock: Clock;

  constructor(store: Pick<DocumentStore, 'collection'>, clock: Clock) {
    this.#mails = store.collection<QueuedMail>('outbox');
    this.#clock = clock;
  }

  /** What is there already stays as it is; wake the sender afterwards. */
  async enqueue(entries: readonly OutboxEntry[]): Promise<void> {
    const [only] = entries;
    if (!only) return;
    if (entries.length === 1) return this.#enqueueOne(only);
    await this.#mails.bulkWrite(
      entries.map((entry) => {
        const { _id, ...mail } = this.#queued(entry);
        return { updateOne: { filter: { _id }, update: { $setOnInsert: mail }, upsert: true } };
      }),
    );
  }

  /** Almost always there is one, and it is new. */
  async #enqueueOne(entry: OutboxEntry): Promise<void> {
    try {
      await this.#mails.insertOne(this.#queued(entry));
    } catch (error) {
      if (!(error instanceof DuplicateKey)) throw error;
    }
  }

  #queued({ _id, kind, event, references }: OutboxEntry): QueuedMail {
    const now = this.#clock.now();
    return {
      _id,
      kind,
      event,
      ...(references && { references }),
      enqueuedAt: now,
      dueAt: now,
      lease: '',
      attempts: 0,
      failures: 0,
      postponements: 0,
      deferred: false,
    };
  }

  /** What may be taken now, most overdue first; a lease that ran out counts. */
  due(limit: number): Promise<QueuedMail[]> {
    return this.#mails
      .find({ dueAt: { $lte: this.#clock.now() } })
      .sort({ dueAt: 1 })
      .limit(limit)
      .toArray();
  }

  /** Undefined when the outbox is empty. */
  async nextDueAt(): Promise<number | undefined> {
    return (await this.#mails.findOne({ dueAt: { $lt: NEVER } }, { sort: { dueAt: 1 } }))?.dueAt;
  }

  /** Takes it and notes the try that begins. Undefined when somebody else was faster. */
  async claim(entry: QueuedMail, milliseconds: number): Promise<QueuedMail | undefined> {
    const { _id, dueAt, lease, attempts, outcome } = entry;
    const claimed = {
      lease: randomUUID(),
      dueAt: this.#clock.now() + milliseconds,
      attempts: outcome ? attempts : attempts + 1,
    };
    const { matchedCount } = await this.#mails.updateOne({ _id, dueAt, lease }, { $set: claimed });
    return matchedCount === 1 ? { ...entry, ...claimed } : undefined;
  }

  /** Undefined when the lease was lost: then the mail is somebody else's. */
  async change(
    entry: QueuedMail,
    changes: Partial<Omit<QueuedMail, '_id'>>,
  ): Promise<QueuedMail | undefined> {
    const { _id, lease } = entry;
    const { matchedCount } = await this.#mails.updateOne({ _id, lease }, { $set: changes });
    return matchedCount === 1 ? { ...entry, ...changes } : undefined;
  }

  async finish({ _id, lease }: QueuedMail): Promise<void> {
    const done = { doneAt: this.#clock.now(), dueAt: NEVER, lease: '' };
    await this.#mails.updateOne({ _id, lease }, { $set: done });
  }

  /** Forgets what has been over for a day. */
  async removeExpired(): Promise<number> {
    const before = this.#clock.now() - REMEMBERED_MS;
    return (await this.#mails.deleteMany({ doneAt: { $lte: before } })).deletedCount;
  }

  /** Mails that are still to be sent. */
  size(): Promise<number> {
    return this.#mails.countDocuments({ dueAt: { $lt: NEVER } });
  }
}
