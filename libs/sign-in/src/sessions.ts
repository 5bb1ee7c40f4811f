import { createHmac, randomBytes, hash as sha, timingSafeEqual } from 'node:crypto';
import { RecentlyUsed } from '#cache';
import type { Clock } from '#clock';
import type { IndexSpec } from '#kernel';
import type { Collection, DocumentStore } from '#read-models';
import type { MasterKey } from '#tokens';
import { OneAtATime } from './one-at-a-time.ts';

/** Times are milliseconds of the product's clock. */
export interface Session {
  readonly sessionId: string;
  readonly userId: string;
  readonly createdAt: number;
  /** Exact to a minute. */
  readonly lastSeenAt: number;
  /** At the latest; earlier after `idle` without a request. */
  readonly expiresAt: number;
  readonly sourceIp: string | null;
  readonly userAgent: string | null;
  /** True: opened with a second factor, or one was set up in it. */
  readonly secondFactor: boolean;
  /** True: may only set up a second factor until it has one. */
  readonly mustEnrol: boolean;
}

export interface NewSession {
  /** Shown once; only its hash is kept. */
  readonly token: string;
  readonly sessionId: string;
  readonly expiresAt: number;
}

interface StoredSession extends Omit<Session, 'sessionId'> {
  readonly _id: string;
  readonly hash: string;
}

interface Epoch {
  readonly _id: string;
  readonly value: number;
}

export const sessionIndexes: readonly IndexSpec[] = [{ userId: 1 }, { expiresAt: 1 }, { lastSeenAt: 1 }];

export interface SessionOptions {
  /** Milliseconds without a request. Default 12 h. */
  readonly idle?: number;
  /** Milliseconds in all. Default 30 days. */
  readonly longest?: number;
  /** Milliseconds of machine time during which another process may still honour a revoked session. Default 900. */
  readonly cacheFor?: number;
  /** Sessions kept in memory. Default 50,000. */
  readonly cached?: number;
}

/** Who was seen within it is written down together. */
const SEEN_TOGETHER_MS = 50;
const minute = 60_000;
const hour = 60 * minute;
const tokenForm = /^ols_[A-Za-z0-9_-]{43}$/;

/** Opaque tokens of 256 random bits. What a session may do is looked up at every request, never kept in it (AMB-24). */
export class Sessions {
  readonly #sessions: Collection<StoredSession>;
  readonly #epochs: Collection<Epoch>;
  readonly #csrfKey: Buffer;
  readonly #clock: Clock;
  readonly #idle: number;
  readonly #longest: number;
  readonly #cacheFor: number;
  /** By the token's hash. */
  readonly #cache: RecentlyUsed<string, { session: Session; readonly readAt: number }>;
  /** When sessions were seen, by their ids, until that is written down. */
  readonly #seenAt = new Map<string, number>();
  readonly #writing = new OneAtATime();
  /** Grows with every revocation: what was read before one is not put into the cache after it. */
  #revocations = 0;

  constructor(
    store: Pick<DocumentStore, 'collection'>,
    master: Pick<MasterKey, 'derive'>,
    clock: Clock,
    { idle = 12 * hour, longest = 30 * 24 * hour, cacheFor = 900, cached = 50_000 }: SessionOptions = {},
  ) {
    this.#sessions = store.collection<StoredSession>('sessions');
    this.#epochs = store.collection<Epoch>('session-epochs');
    this.#csrfKey = master.derive('csrf');
    this.#clock = clock;
    this.#idle = idle;
    this.#longest = longest;
    this.#cacheFor = cacheFor;
    this.#cache = new RecentlyUsed(cached);
  }

  /** Read it before checking a password and hand it to `create`. */
  async epoch(userId: string): Promise<number> {
    return (await this.#epochs.findOne({ _id: userId }))?.value ?? 0;
  }

  /**
   * Undefined when all sessions of the person were ended since `epoch` was read: what let them in then may no longer
   * be right.
   */
  async create(input: {
    readonly userId: string;
    readonly epoch: number;
    readonly sourceIp?: string | null;
    readonly userAgent?: string | null;
    readonly secondFactor?: boolean;
    readonly mustEnrol?: boolean;
  }): Promise<NewSession | undefined> {
    const token = `ols_${randomBytes(32).toString('base64url')}`;
    const hash = hashOf(token);
    const now = this.#clock.now();
    const sessionId = idOf(hash);
    const expiresAt = now + this.#longest;
    const session: StoredSession = {
      _id: sessionId,
      hash,
      userId: input.userId,
      createdAt: now,
      lastSeenAt: now,
      expiresAt,
      sourceIp: input.sourceIp ?? null,
      userAgent: input.userAgent?.slice(0, 256) ?? null,
      secondFactor: input.secondFactor ?? false,
      mustEnrol: input.mustEnrol ?? false,
    };
    // Whoever loses it with the power signs in again; that one was ended is never lost.
    await this.#sessions.insertOne(session, { writeConcern: { j: false } });
    if ((await this.epoch(input.userId)) !== input.epoch) {
      await this.revoke(sessionId);
      return undefined;
    }
    return { token, sessionId, expiresAt };
  }

  async verify(token: string): Promise<Session | undefined> {
    if (typeof token !== 'string' || !tokenForm.test(token)) return undefined;
    const hash = hashOf(token);
    const session = this.#cached(hash) ?? (await this.#read(hash));
    if (!session) return undefined;
    const now = this.#clock.now();
    if (now >= session.expiresAt || now - session.lastSeenAt >= this.#idle) {
      await this.revoke(session.sessionId);
      return undefined;
    }
    return now - session.lastSeenAt >= minute ? this.#seen(hash, session, now) : session;
  }

  #cached(hash: string): Session | undefined {
    const entry = this.#cache.get(hash);
    return entry && performance.now() - entry.readAt < this.#cacheFor ? entry.session : undefined;
  }

  async #read(hash: string): Promise<Session | undefined> {
    const readAt = performance.now();
    const revocations = this.#revocations;
    const stored = await this.#sessions.findOne({ _id: idOf(hash) });
    if (!stored || !equal(stored.hash, hash)) return undefined;
    const session = sessionOf(stored);
    if (revocations === this.#revocations) this.#cache.set(hash, { session, readAt });
    return session;
  }

  /** The write is not waited for: losing it makes the session end up to a minute early. */
  #seen(hash: string, session: Session, now: number): Session {
    const seen = { ...session, lastSeenAt: now };
    const entry = this.#cache.get(hash);
    if (entry) entry.session = seen;
    if (this.#seenAt.size === 0) setTimeout(() => void this.#writeSeen(), SEEN_TOGETHER_MS).unref();
    this.#seenAt.set(session.sessionId, now);
    return seen;
  }

  /** What is being written already is waited for. */
  #writeSeen(): Promise<void> {
    return this.#writing.run(() => this.#writeThose());
  }

  async #writeThose(): Promise<void> {
    const seenAt = new Map(this.#seenAt);
    this.#seenAt.clear();
    if (seenAt.size === 0) return;
    const updates = [...seenAt].map(([_id, lastSeenAt]) => ({
      updateOne: { filter: { _id }, update: { $max: { lastSeenAt } } },
    }));
    try {
      await this.#sessions.bulkWrite(updates);
    } catch {
      this.#forget(({ sessionId }) => seenAt.has(sessionId));
    }
  }

  /** At once in this process, within a second in others. */
  async revoke(sessionId: string): Promise<void> {
    await this.#sessions.deleteOne({ _id: sessionId });
    this.#forget((session) => session.sessionId === sessionId);
  }

  /** Ends every session of a person, those being created included; `except` survives. */
  async revokeAll(userId: string, { except }: { readonly except?: string } = {}): Promise<void> {
    await this.#epochs.updateOne({ _id: userId }, { $inc: { value: 1 } }, { upsert: true });
    await this.#sessions.deleteMany({ userId, ...(except !== undefined && { _id: { $ne: except } }) });
    this.#forget((session) => session.userId === userId && session.sessionId !== except);
  }

  /** A second factor was set up: this session has proved it, the person's others without one end. */
  async proved(userId: string, sessionId: string | undefined): Promise<void> {
    if (sessionId !== undefined) {
      await this.#sessions.updateOne(
        { _id: sessionId, userId },
        { $set: { secondFactor: true, mustEnrol: false } },
      );
      this.#forget((session) => session.sessionId === sessionId);
    }
    await this.#epochs.updateOne({ _id: userId }, { $inc: { value: 1 } }, { upsert: true });
    await this.#sessions.deleteMany({ userId, secondFactor: { $ne: true } });
    this.#forget((session) => session.userId === userId && !session.secondFactor);
  }

  #forget(which: (session: Session) => boolean): void {
    this.#revocations++;
    this.#cache.deleteWhere(({ session }) => which(session));
  }

  /** Open sessions, latest first. */
  async list(userId: string): Promise<Session[]> {
    const now = this.#clock.now();
    await this.#writeSeen();
    const stored = await this.#sessions.find({ userId }).toArray();
    return stored
      .map(sessionOf)
      .filter(({ expiresAt, lastSeenAt }) => now < expiresAt && now - lastSeenAt < this.#idle)
      .sort((one, other) => other.lastSeenAt - one.lastSeenAt);
  }

  /** Deletes what has run out; answers how many. */
  async removeExpired(): Promise<number> {
    const now = this.#clock.now();
    await this.#writeSeen();
    const old = await this.#sessions.deleteMany({ expiresAt: { $lte: now } });
    const idle = await this.#sessions.deleteMany({ lastSeenAt: { $lte: now - this.#idle } });
    return old.deletedCount + idle.deletedCount;
  }

  /** For cookie mode: belongs to one session and is worth nothing without its cookie. */
  csrfToken({ sessionId }: Pick<Session, 'sessionId'>): string {
    return createHmac('sha256', this.#csrfKey).update(sessionId).digest('base64url');
  }

  csrfMatches(session: Pick<Session, 'sessionId'>, token: string | undefined): boolean {
    return token !== undefined && equal(this.csrfToken(session), token);
  }
}

const hashOf = (token: string): string => sha('sha256', token);

const idOf = (hash: string): string => `ses_${hash.slice(0, 32)}`;

const sessionOf = ({ _id, hash, ...session }: StoredSession): Session => ({ sessionId: _id, ...session });

const equal = (one: string, other: string): boolean => {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
};
