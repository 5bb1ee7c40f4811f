import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '#clock';
import type { IndexSpec } from '#kernel';
import type { Collection, DocumentStore } from '#read-models';
import { codeWorksFor, matches, newCode, type TwoFactors, triesPerCode } from './two-factors.ts';

/** Between the right password and the second factor. */
export interface Challenge {
  readonly userId: string;
  /** Of the person's sessions when the password was right. */
  readonly epoch: number;
}

interface StoredChallenge extends Challenge {
  /** Hash of the challenge's id. */
  readonly _id: string;
  /** Of the newest code that was sent; null when none was. */
  readonly codeHash: string | null;
  readonly triesLeft: number;
  readonly until: number;
  readonly version: number;
}

export const challengeIndexes: readonly IndexSpec[] = [{ until: 1 }];

const form = /^olc_[A-Za-z0-9_-]{43}$/;

/** Five tries in ten minutes, then the password again. */
export class Challenges {
  readonly #challenges: Collection<StoredChallenge>;
  readonly #factors: TwoFactors;
  readonly #clock: Clock;

  constructor(store: Pick<DocumentStore, 'collection'>, factors: TwoFactors, clock: Clock) {
    this.#challenges = store.collection<StoredChallenge>('challenges');
    this.#factors = factors;
    this.#clock = clock;
  }

  async create({
    userId,
    epoch,
  }: Challenge): Promise<{ readonly challengeId: string; readonly until: number }> {
    const challengeId = `olc_${randomBytes(32).toString('base64url')}`;
    const until = this.#clock.now() + codeWorksFor;
    await this.#challenges.insertOne({
      _id: hashOf(challengeId),
      userId,
      epoch,
      codeHash: null,
      triesLeft: triesPerCode,
      until,
      version: 0,
    });
    return { challengeId, until };
  }

  /** Whom an open challenge is about; nothing is proved by it. */
  async find(challengeId: string): Promise<Challenge | undefined> {
    const stored = await this.#open(challengeId);
    return stored && { userId: stored.userId, epoch: stored.epoch };
  }

  /** A new code to be sent; the one before it counts no more. */
  async newCode(challengeId: string): Promise<string | undefined> {
    const stored = await this.#open(challengeId);
    if (!stored) return undefined;
    const code = newCode();
    const { _id, version } = stored;
    const { matchedCount } = await this.#challenges.updateOne(
      { _id, version },
      { $set: { codeHash: this.#factors.codeHash(_id, code), version: version + 1 } },
    );
    return matchedCount === 1 ? code : undefined;
  }

  /** One try, counted before the code is looked at. The challenge ends with the right code, or with the last try. */
  async answer(
    challengeId: string,
    code: string,
  ): Promise<(Challenge & { readonly by: 'totp' | 'sms' | 'recovery_code' }) | undefined> {
    const stored = await this.#open(challengeId);
    if (!stored) return undefined;
    const { _id, version, triesLeft, userId, epoch } = stored;
    const { matchedCount } = await this.#challenges.updateOne(
      { _id, version },
      { $set: { triesLeft: triesLeft - 1, version: version + 1 } },
    );
    if (matchedCount !== 1) return undefined;
    const sent = matches(stored.codeHash, this.#factors.codeHash(_id, code));
    const by = sent ? 'sms' : await this.#factors.take(userId, code);
    if (!by) return undefined;
    const { deletedCount } = await this.#challenges.deleteOne({ _id });
    return deletedCount === 1 ? { userId, epoch, by } : undefined;
  }

  async #open(challengeId: string): Promise<StoredChallenge | undefined> {
    if (!form.test(challengeId)) return undefined;
    const stored = await this.#challenges.findOne({ _id: hashOf(challengeId) });
    return stored && stored.triesLeft > 0 && this.#clock.now() < stored.until ? stored : undefined;
  }

  async removeExpired(): Promise<number> {
    return (await this.#challenges.deleteMany({ until: { $lte: this.#clock.now() } })).deletedCount;
  }
}

const hashOf = (challengeId: string): string => createHash('sha256').update(challengeId).digest('hex');
